using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;

namespace LossService.Benchmarks.Racing;

/// <summary>A batch as a stream of Arrow: one record batch with a list of fixed size and the indices of classes.</summary>
internal static class ArrowMessages
{
    /// <summary>A whole POST that asks for loss and gradient.</summary>
    public static byte[] Message(float[] logits, long[] labels, int classes)
    {
        var list = new FixedSizeListType(FloatType.Default, classes);
        var schema = new Schema([new Field("logits", list, false), new Field("labels", Int64Type.Default, false)], null);
        var rows = new FixedSizeListArray(list, labels.Length, new FloatArray.Builder().AppendRange(logits).Build(), ArrowBuffer.Empty);
        using var stream = new MemoryStream();
        using (var writer = new ArrowStreamWriter(stream, schema, leaveOpen: true))
        {
            writer.WriteRecordBatch(new(schema, [rows, new Int64Array.Builder().AppendRange(labels).Build()], labels.Length));
            writer.WriteEnd();
        }
        return HttpConnection.Message("/v1/losses/cross_entropy?outputs=loss&outputs=gradient", stream.ToArray(),
            "application/vnd.apache.arrow.stream");
    }
}
