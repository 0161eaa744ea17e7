using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Losses.Categorical;

/// <content>Rows of few classes, side by side.</content>
internal sealed partial class MulticlassHinge
{
    private sealed partial class Margin
    {
        /// <summary>What is found of a row's even classes and of its odd ones, as <see cref="ColumnBlock.Even"/> numbers it.</summary>
        private const int Value = 0, Rest = 1, Size = 2, Largest = 3, Class = 4;

        public override bool HasColumns => true;

        public override void AddUpColumns(in ColumnBlock rows)
        {
            if (rows.HasDoubles) FindLargest<StoredFloat64>(rows);
            else FindLargest<StoredFloat32>(rows);
            if (Lanes.HasMost) Conclude<PlainEight, WideEight>(rows);
            else Conclude<PlainDouble, WideDouble>(rows);
            PlaceRivals(rows);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private static unsafe void FindLargest<TLogit>(in ColumnBlock rows) where TLogit : unmanaged, IStored<TLogit>
        {
            var found = stackalloc double[ColumnBlock.CountSums * Lanes.Most];
            for (var i = 0; i < rows.Count; i += ColumnBlock.Rows)
            {
                var z = (TLogit*)rows.Logits + rows.Find(i, 0);
                var e = rows.Exponentials + rows.Find(i, 0);
                if (Lanes.HasMost)
                {
                    FindLargest<PlainEight, TLogit>(z, rows.Stride, e, found);
                }
                else
                {
                    FindLargest<PlainDouble, TLogit>(z, rows.Stride, e, found);
                    var next = ColumnBlock.Rows;
                    FindLargest<PlainDouble, TLogit>(z + next, rows.Stride, e + next, found + next);
                }
                rows.StoreSums(i, found);
            }
        }

        /// <summary>
        /// Finds the largest of one vector of every two classes, the first of equal ones, and where it is; clears the derivatives.
        /// </summary>
        /// <remarks>The label is at −∞, and so not among them unless all are.</remarks>
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private static unsafe void FindLargest<TNumber, TLogit>(TLogit* z, int count, double* derivatives, double* found)
            where TNumber : struct, IPlainNumbers<TNumber>
            where TLogit : unmanaged, IStored<TLogit>
        {
            var (largest, where) = (TNumber.Of(double.NegativeInfinity), TNumber.Zero);
            for (var c = 0; c < count; c += 2 * ColumnBlock.Rows)
            {
                var logit = TNumber.Load(z + c);
                var isLarger = TNumber.LessThan(largest, logit);
                (largest, where) = (TNumber.Select(isLarger, logit, largest), TNumber.Select(isLarger, TNumber.Of(c), where));
                TNumber.Zero.StoreNearest(ref derivatives[c]);
            }
            largest.StoreNearest(ref found[Largest * Lanes.Most]);
            where.StoreNearest(ref found[Class * Lanes.Most]);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private unsafe void Conclude<TNumber, TWide>(in ColumnBlock rows)
            where TNumber : struct, IPlainNumbers<TNumber>
            where TWide : struct, IWideNumbers<TWide>
        {
            var (one, half) = (TNumber.One, TNumber.Of(1.0 / ColumnBlock.Rows));
            for (var i = 0; i < rows.Count; i += TNumber.Count)
            {
                var (even, odd) = (TNumber.Load(in rows.Even(Largest)[i]), TNumber.Load(in rows.Odd(Largest)[i]));
                // where every other class has four numbers before it
                var (evenClass, oddClass) = (TNumber.Load(in rows.Even(Class)[i]) * half, TNumber.Load(in rows.Odd(Class)[i]) * half + one);
                var isOdd = TNumber.LessThan(even, odd) | (~TNumber.LessThan(odd, even) & TNumber.LessThan(oddClass, evenClass));
                TNumber.Select(isOdd, odd, even).StoreNearest(ref rows.Even(Largest)[i]);
                TNumber.Select(isOdd, oddClass, evenClass).StoreNearest(ref rows.Even(Class)[i]);

                // a difference of two logits and the margin has all its digits
                var lack = TWide.Load(in rows.Even(Largest)[i]) - TWide.Load(in rows.LabelLogit[i]) + TWide.Of(margin);
                lack.Store(ref rows.Even(Value)[i], ref rows.Even(Rest)[i]);
                var isMet = TNumber.LessThan(TNumber.Load(in rows.Even(Value)[i]), TNumber.Zero);
                TNumber.Select(isMet, TNumber.Zero, TNumber.Load(in rows.Even(Value)[i])).StoreNearest(ref rows.Even(Value)[i]);
                TNumber.Select(isMet, TNumber.Zero, TNumber.Load(in rows.Even(Rest)[i])).StoreNearest(ref rows.Even(Rest)[i]);
                var isViolated = TNumber.LessThan(TNumber.Zero, TNumber.Load(in rows.Even(Value)[i]));
                TNumber.Select(isViolated, -one, TNumber.Zero).StoreNearest(ref rows.OfLabel[i]);
                TNumber.Zero.StoreNearest(ref rows.Odd(Value)[i]);
                TNumber.Zero.StoreNearest(ref rows.Odd(Rest)[i]);
                TNumber.Zero.StoreNearest(ref rows.Even(Size)[i]);
                TNumber.Zero.StoreNearest(ref rows.Odd(Size)[i]);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private static unsafe void PlaceRivals(in ColumnBlock rows)
        {
            for (var i = 0; i < rows.Count; i++) rows.Exponentials[rows.Find(i, (int)rows.Even(Class)[i])] = 0 - rows.OfLabel[i];
        }
    }
}
