// Arrow's JavaScript library: its streams are scored, and the answers are its streams.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as arrow from "apache-arrow";
import * as batch from "./batch.mjs";

const url = process.env.LOSS_HTTP ?? "http://localhost:8080";
const type = "application/vnd.apache.arrow.stream";

const score = (table, query, loss = "cross_entropy") => fetch(`${url}/v1/losses/${loss}?${query}`, {
  method: "POST", body: arrow.tableToIPC(table, "stream"), headers: { "Content-Type": type },
});

const listsOf = (numbers, size) => new arrow.Vector([arrow.makeData({
  type: new arrow.FixedSizeList(size, new arrow.Field("item", new arrow.Float32(), false)),
  length: numbers.length / size,
  nullCount: 0,
  child: arrow.makeData({ type: new arrow.Float32(), data: Float32Array.from(numbers) }),
})]);

const read = async response => {
  const bytes = new Uint8Array(await response.arrayBuffer());
  assert.equal(response.status, 200, new TextDecoder().decode(bytes));
  return arrow.tableFromIPC(bytes);
};

const flat = column => [...column].flatMap(row => [...row]);

test("a table scores, and its answer has a row for each sample", async () => {
  const table = new arrow.Table({ logits: listsOf(batch.logits, 3), labels: arrow.vectorFromArray(batch.labels, new arrow.Int32()) });
  const answer = await read(await score(table, "outputs=loss&outputs=losses&outputs=gradient"));
  assert.equal(answer.numRows, 3);
  assert.ok(batch.areClose([...answer.getChild("losses")], batch.losses));
  assert.ok(batch.areClose(flat(answer.getChild("gradient")), batch.gradient));
  assert.ok(batch.areClose([answer.getChild("loss").get(0)], [batch.loss]));
  assert.deepEqual([...answer.getChild("total_samples")], [3n, null, null]);
});

test("each record batch is a batch of its own", async () => {
  const rows = i => new arrow.Table({
    logits: listsOf(batch.logits.slice(3 * i, 3 * i + 3), 3), labels: arrow.vectorFromArray([batch.labels[i]], new arrow.Int32()),
  }).batches[0];
  const answer = await read(await score(new arrow.Table([rows(0), rows(1), rows(2)]), "outputs=losses"));
  assert.equal(answer.batches.length, 3);
  assert.ok(batch.areClose([...answer.getChild("losses")], batch.losses));
  assert.ok(batch.areClose([...answer.getChild("total_loss")], batch.losses));
});

test("lists, dictionaries and nulls are read", async () => {
  const rows = [0, 1, 2].map(i => batch.logits.slice(3 * i, 3 * i + 3));
  const table = new arrow.Table({
    logits: arrow.vectorFromArray(rows, new arrow.List(new arrow.Field("item", new arrow.Float32()))),
    labels: arrow.vectorFromArray(["cat", "dog", null], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())),
  });
  const answer = await read(await score(table, "outputs=losses&outputs=gradient"));
  assert.ok(batch.areClose([...answer.getChild("losses")], [batch.losses[0], batch.losses[1], 0]));
  assert.deepEqual([...answer.getChild("total_samples")], [2n, null, null]);
});

test("an invalid batch says where", async () => {
  const table = new arrow.Table({ logits: listsOf(batch.logits, 3), labels: arrow.vectorFromArray([0, 1, 7], new arrow.Int32()) });
  const response = await score(table, "");
  const problem = await response.json();
  assert.equal(response.status, 422);
  assert.equal(problem.errors[0].pointer, "#/labels/2");
});
