"""Writes arrays.json: .npy files as NumPy writes them, and the numbers in them. Needs NumPy (Debian: python3-numpy)."""
import base64
import io
import json
import pathlib
import warnings

import numpy as np

DTYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]
NAMES = {"f": "float", "i": "int", "u": "uint"}
SHAPES = [(2, 3), (2, 1, 3, 2), (3,), (), (0, 3)]


def file_of(array, version):
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.lib.format.write_array(file, array, version=version)
    return base64.b64encode(file.getvalue()).decode()


def entry(array, version=(1, 0)):
    kind, size = array.dtype.kind, array.dtype.itemsize
    return {
        "name": f"{array.dtype.str} {'F' if np.isfortran(array) else 'C'} {array.shape} v{version[0]}",
        "file": file_of(array, version),
        "dtype": "bool" if kind == "b" else f"{NAMES[kind]}{8 * size}",
        "shape": array.shape,
        "numbers": array.astype(float).ravel().tolist(),
    }


def arrays():
    for code in DTYPES:
        for order in "<>" if code[1] != "1" else "|":
            for shape in SHAPES:
                numbers = (np.arange(np.prod(shape, dtype=int)) * 5 % 7).reshape(shape)
                numbers = numbers % 2 if code == "b1" else numbers / 4 if code[0] == "f" else numbers
                array = np.array(numbers, order + code)
                yield entry(array)
                if array.ndim > 1 and array.size:
                    yield entry(np.asfortranarray(array))
    for version in [(2, 0), (3, 0)]:
        yield entry(np.array([[0.5, 1.25], [2, -3]], "<f4"), version)


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(array) for array in arrays())
    pathlib.Path(__file__).with_name("arrays.json").write_text(f"[\n{lines}\n]\n")
