using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Engine;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Losses.Categorical;

/// <content>Rows of few classes, side by side.</content>
internal sealed partial class MultiMargin
{
    private sealed partial class Margins
    {
        /// <summary>The sums of a row, as <see cref="ColumnBlock.Even"/> numbers them.</summary>
        private const int Value = 0, Error = 1, Size = 2, Push = 3, Lost = 4;

        public override bool HasColumns => true;

        public override void AddUpColumns(in ColumnBlock rows)
        {
            if (rows.HasDoubles) AddUp<StoredFloat64>(rows);
            else AddUp<StoredFloat32>(rows);
            if (Lanes.HasMost) Conclude<PlainEight>(rows);
            else Conclude<PlainDouble>(rows);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private unsafe void AddUp<TLogit>(in ColumnBlock rows) where TLogit : unmanaged, IStored<TLogit>
        {
            var sums = stackalloc double[ColumnBlock.CountSums * Lanes.Most];
            for (var i = 0; i < rows.Count; i += ColumnBlock.Rows)
            {
                var z = (TLogit*)rows.Logits + rows.Find(i, 0);
                var e = rows.Exponentials + rows.Find(i, 0);
                var own = Vector256.Load(rows.LabelLogit + i);
                if (Lanes.HasMost)
                {
                    AddUp<PlainEight, TLogit>(z, own, rows.Stride, e, sums);
                }
                else
                {
                    AddUp<PlainDouble, TLogit>(z, own, rows.Stride, e, sums);
                    var next = ColumnBlock.Rows;
                    AddUp<PlainDouble, TLogit>(z + next, own, rows.Stride, e + next, sums + next);
                }
                rows.StoreSums(i, sums);
            }
        }

        /// <summary>Adds up the violations of one vector of every two classes, and stores their derivatives.</summary>
        /// <remarks>As in <see cref="Sum{TNumber}"/>. The label is at −∞, and so no rival.</remarks>
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private unsafe void AddUp<TNumber, TLogit>(TLogit* z, Vector256<double> own, int count, double* derivatives, double* sums)
            where TNumber : struct, IPlainNumbers<TNumber>
            where TLogit : unmanaged, IStored<TLogit>
        {
            var (label, least, infinity) = (TNumber.Repeat(own), TNumber.Of(margin), TNumber.Of(double.PositiveInfinity));
            var (slope, part, isLinear) = (TNumber.Of(1.0 / classes), TNumber.Of(LeastPart), power == 1);
            TNumber value = default, error = default, size = default, push = default, lost = default;
            for (var c = 0; c < count; c += 2 * ColumnBlock.Rows)
            {
                var logit = TNumber.Load(z + c);
                var difference = logit - label;
                var rounded = logit - difference;
                var rest = (logit - (difference + rounded)) + (rounded - label);
                var lack = difference + least;
                var isRival = TNumber.LessThan(TNumber.Zero, lack);
                var parts = TNumber.Abs(difference) + least;
                // NaN where a logit is infinite
                lost |= (TNumber.LessThan(TNumber.Abs(lack), parts * part) & ~rest.IsZero) | (isRival & ~TNumber.LessThan(lack, infinity));
                lack = isRival & lack;
                var violation = isLinear ? lack : TNumber.Square(lack);
                var derivative = isLinear ? isRival & slope : (lack + lack) * slope;
                var next = value + violation;
                var nextRounded = next - value;
                error += (value - (next - nextRounded)) + (violation - nextRounded);
                value = next;
                size += isRival & (isLinear ? parts : (lack + lack) * parts);
                push += derivative;
                derivative.StoreNearest(ref derivatives[c]);
            }
            value.StoreNearest(ref sums[Value * Lanes.Most]);
            error.StoreNearest(ref sums[Error * Lanes.Most]);
            size.StoreNearest(ref sums[Size * Lanes.Most]);
            push.StoreNearest(ref sums[Push * Lanes.Most]);
            lost.StoreNearest(ref sums[Lost * Lanes.Most]);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private unsafe void Conclude<TNumber>(in ColumnBlock rows) where TNumber : struct, IPlainNumbers<TNumber>
        {
            var (all, infinity) = (TNumber.Of(classes), TNumber.Of(double.PositiveInfinity));
            for (var i = 0; i < rows.Count; i += TNumber.Count)
            {
                var value = TNumber.Load(in rows.Even(Value)[i]) + TNumber.Load(in rows.Odd(Value)[i])
                    + (TNumber.Load(in rows.Even(Error)[i]) + TNumber.Load(in rows.Odd(Error)[i]));
                (value / all).StoreNearest(ref rows.Even(Value)[i]);
                var isLost = TNumber.Load(in rows.Even(Lost)[i]) | TNumber.Load(in rows.Odd(Lost)[i]);
                var size = (TNumber.Load(in rows.Even(Size)[i]) + TNumber.Load(in rows.Odd(Size)[i])) / all;
                TNumber.Select(isLost, infinity, size).StoreNearest(ref rows.Even(Size)[i]);
                (-(TNumber.Load(in rows.Even(Push)[i]) + TNumber.Load(in rows.Odd(Push)[i]))).StoreNearest(ref rows.OfLabel[i]);
                TNumber.Zero.StoreNearest(ref rows.Odd(Value)[i]);
                TNumber.Zero.StoreNearest(ref rows.Even(Error)[i]);
                TNumber.Zero.StoreNearest(ref rows.Odd(Error)[i]);
                TNumber.Zero.StoreNearest(ref rows.Odd(Size)[i]);
            }
        }
    }
}
