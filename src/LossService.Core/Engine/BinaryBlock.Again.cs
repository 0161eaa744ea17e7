using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <content>Elements of a block that are computed a second time, in another arithmetic.</content>
internal sealed unsafe partial class BinaryBlock<TFormula>
{
    /// <summary>Each thread keeps the memory for these elements.</summary>
    [ThreadStatic]
    private static BinaryScratch? s_again;

    /// <summary>
    /// Scores elements whose label is 0 or 1 in plain doubles, because p less such a label does not cancel, and others in
    /// <see cref="WideDouble"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ScoreByLabel(BinaryScratch scratch, int count)
    {
        var hard = HardElements.Count(count, scratch);
        if (hard == count)
        {
            ScorePlain(scratch, count);
            return;
        }
        ScoreWide(scratch, count);
        if (hard == 0) return;
        scratch.LostCount = HardElements.Find(count, scratch, scratch.Lost);
        var again = Lanes.HasMost
            ? ScoreNoted<PlainEight, PlainEight>(scratch) : ScoreNoted<PlainDouble, PlainDouble>(scratch);
        var found = scratch.LostCount;
        scratch.LostCount = 0;
        for (var i = 0; i < again.LostCount; i++)
        {
            var place = again.Lost[i];
            // not those that fill up the last vector
            if (place >= found) continue;
            scratch.KeepsScore[scratch.Lost[place]] = again.KeepsScore[place];
            scratch.Lost[scratch.LostCount++] = scratch.Lost[place];
        }
        if (scratch.LostCount > 0) ScoreLost(scratch);
    }

    /// <summary>Scores the elements whose places are noted in double-double.</summary>
    public void ScoreLost(BinaryScratch scratch)
    {
        if (!scratch.HasRest) BinaryScratch.Span(scratch.ValueRest).Clear();
        scratch.HasRest = true;
        ScoreNoted<Dd, Dd>(scratch);
    }

    /// <summary>Scores the elements whose places are noted, and returns the memory that it used.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private BinaryScratch ScoreNoted<TWide, TNumber>(BinaryScratch scratch)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        var again = s_again ??= new();
        var count = scratch.LostCount;
        for (var i = 0; i < count; i++) again.TakeElement(i, scratch, scratch.Lost[i]);
        // the last vector is filled up with its first element
        for (var i = count; i % TNumber.Count != 0; i++) again.TakeElement(i, again, 0);
        if (!TNumber.HasRest) BinaryScratch.Span(again.ValueRest).Clear();
        again.LostCount = 0;
        Compute<TWide, TNumber>(again, count);
        for (var i = 0; i < count; i++) scratch.TakeResults(scratch.Lost[i], again, i);
        return again;
    }
}
