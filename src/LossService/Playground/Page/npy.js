// NumPy's files: their headers, to say what a dropped file holds, and small ones written from what was pasted.

const READERS = {
  "<f4": Float32Array, "<f8": Float64Array, "<i4": Int32Array, "<i8": BigInt64Array, "|i1": Int8Array, "|u1": Uint8Array, "|b1": Uint8Array,
  "<i2": Int16Array, "<u2": Uint16Array, "<u4": Uint32Array, "<u8": BigUint64Array,
};

/** Reads the header of a file: { descr, shape, isFortran, start }; null where it is none of NumPy's. */
function readHeader(bytes) {
  const view = new DataView(bytes);
  if (bytes.byteLength < 12 || view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059) return null;
  const isLong = view.getUint8(6) >= 2;
  const start = isLong ? 12 + view.getUint32(8, true) : 10 + view.getUint16(8, true);
  const header = new TextDecoder("latin1").decode(bytes.slice(isLong ? 12 : 10, start));
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header);
  if (!shape) return null;
  return {
    descr: /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? "",
    shape: shape[1].split(",").map(part => part.trim()).filter(Boolean).map(Number),
    isFortran: /'fortran_order':\s*True/.test(header),
    start,
  };
}

/** The values of a small file, such as one of labels; null where they are in no form that can be shown. */
export function readValues(bytes) {
  const header = readHeader(bytes);
  const type = header && READERS[header.descr];
  if (!type || (header.isFortran && header.shape.length > 1)) return null;
  const values = new type(bytes.slice(header.start));
  return Array.from(values, Number);
}

/** A file of float32, or of int64 for class indices, from rows of numbers. */
export function writeNpy(values, shape, descr) {
  const type = READERS[descr];
  const fields = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  const header = fields.padEnd(64 * Math.ceil((10 + fields.length + 1) / 64) - 11) + "\n";
  const prefix = new Uint8Array(10);
  prefix.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, header.length & 255, header.length >> 8]);
  const data = descr === "<i8" ? BigInt64Array.from(values, BigInt) : type.from(values);
  return new Blob([prefix, header, data]);
}
