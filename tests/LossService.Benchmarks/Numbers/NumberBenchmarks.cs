using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;

namespace LossService.Benchmarks.Numbers;

/// <summary>What a 1024 × 1000 matrix costs to read from JSON and to write as JSON, beside the framework's own way.</summary>
[BenchmarkCategory("numbers")]
public unsafe class NumberBenchmarks : IDisposable
{
    private const int Rows = 1024;
    private const int Columns = 1000;
    private const int Count = Rows * Columns;

    private readonly NativeBuffer _body = new();
    private readonly NativeBuffer _elements = new();
    private readonly Discard _output = new();
    private float[] _singles = [];
    private double[] _doubles = [];
    private byte[] _text = [];

    /// <summary>What the numbers are like.</summary>
    public enum Kind
    {
        /// <summary>Normal with deviation 2, as float32: -2.2318335.</summary>
        Logits,

        /// <summary>The same as Python prints float32 in a list, as float64: -2.2318334579467773.</summary>
        PythonLogits,

        /// <summary>Normal with deviation 1e-5, with and without exponents.</summary>
        Gradient,
    }

    /// <summary>What the numbers are like.</summary>
    [ParamsAllValues]
    public Kind Numbers { get; set; }

    /// <summary>Draws the numbers and lays out their text.</summary>
    [GlobalSetup]
    public void Draw()
    {
        var random = new Random(1);
        var scale = Numbers == Kind.Gradient ? 1e-5 : 2;
        _singles = new float[Count];
        for (var i = 0; i < Count; i++)
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            _singles[i] = (float)(scale * radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
        _doubles = Array.ConvertAll(_singles, s => (double)s);
        var separator = Numbers == Kind.PythonLogits ? ", " : ",";
        var json = new StringBuilder("[");
        for (var row = 0; row < Rows; row++)
        {
            var numbers = Enumerable.Range(row * Columns, Columns).Select(i => Numbers == Kind.PythonLogits
                ? _doubles[i].ToString("R", CultureInfo.InvariantCulture)
                : _singles[i].ToString("R", CultureInfo.InvariantCulture));
            json.Append(row == 0 ? "[" : separator + "[").AppendJoin(separator, numbers).Append(']');
        }
        _text = Encoding.UTF8.GetBytes(json.Append(']').ToString());
        _body.Reserve((nuint)_text.Length);
        _text.CopyTo(new Span<byte>(_body.Address, _text.Length));
    }

    /// <inheritdoc/>
    [GlobalCleanup]
    public void Dispose()
    {
        _body.Dispose();
        _elements.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The service's reader, as float32.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public long ReadFloat32() =>
        NumberArrayReader.TryRead<Float32Element>(_body.Address, _body.Address + _text.Length, _elements, new(1, 0), out var array)
            ? array.Count : throw new InvalidDataException();

    /// <summary>The service's reader, as float64.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public long ReadFloat64() =>
        NumberArrayReader.TryRead<Float64Element>(_body.Address, _body.Address + _text.Length, _elements, new(1, 0), out var array)
            ? array.Count : throw new InvalidDataException();

    /// <summary>The framework's reader, as float32.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public float ReadFloat32WithUtf8JsonReader()
    {
        var reader = new Utf8JsonReader(_text);
        float sum = 0;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Number) sum += reader.GetSingle();
        }
        return sum;
    }

    /// <summary>The service's writer, from float32.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public void WriteFloat32()
    {
        var writer = new NumberArrayWriter([Rows, Columns]);
        while (writer.WriteBlock<Float32Element>(MemoryMarshal.Cast<float, Float32Element>(_singles), _output, new(1, 0))) { }
    }

    /// <summary>The service's writer, from float64.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public void WriteFloat64()
    {
        var writer = new NumberArrayWriter([Rows, Columns]);
        while (writer.WriteBlock<Float64Element>(MemoryMarshal.Cast<double, Float64Element>(_doubles), _output, new(1, 0))) { }
    }

    /// <summary>The framework's formatter, from float32.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public int WriteFloat32WithTryFormat()
    {
        var block = _output.GetSpan();
        var at = 0;
        foreach (var value in _singles)
        {
            value.TryFormat(block[at..], out var length, default, CultureInfo.InvariantCulture);
            at += length;
            if (at > block.Length - NumberWriter.Room) at = 0;
        }
        return at;
    }

    /// <summary>Forgets what is written to it.</summary>
    private sealed class Discard : IBufferWriter<byte>
    {
        private readonly byte[] _block = new byte[NumberArrayWriter.BlockSize];

        public void Advance(int count)
        {
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => _block;

        public Span<byte> GetSpan(int sizeHint = 0) => _block;
    }
}
