using System.Reflection;
using LossService.Core.Losses;

namespace LossService.Tests.Architecture;

/// <summary>
/// Code on vectors is optimised from its first call. The runtime compiles other methods without optimisation, and again after 30 calls and
/// some time without new methods: 0.1 s, on one processor 1 s. Until then vector code takes up to ten times as long, since each of its
/// operators is a call. ReadyToRun leaves this code out.
/// </summary>
public sealed class CompilationTests
{
    /// <summary>The bytes of IL from which a method is more than an expression, which its callers contain.</summary>
    private const int Small = 100;

    private const MethodImplAttributes AtOnce = MethodImplAttributes.AggressiveOptimization | MethodImplAttributes.AggressiveInlining;

    private const BindingFlags Declared = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static
        | BindingFlags.Instance;

    private static readonly string[] Numbers = ["Dd", "WideDouble", "WideEight", "PlainDouble", "PlainEight"];

    private static readonly string[] Arithmetics = ["IArithmetic`1", "IPlainNumbers`1", "IWideNumbers`1"];

    [Fact]
    public void CodeOnVectors_IsOptimisedAtOnce()
    {
        var methods = typeof(Loss).Assembly.GetTypes()
            // what is computed once a batch
            .Where(type => type.Namespace is not ("LossService.Core.Outputs" or "LossService.Core.Tensors"))
            .SelectMany(type => type.GetMethods(Declared))
            // a lambda, or what the compiler writes for a record
            .Where(method => !method.Name.Contains('<') && method.Name != "PrintMembers" && IsOnVectors(method)).ToArray();
        Assert.True(methods.Length > 300);
        Violations.AssertNone("methods on vectors without AggressiveOptimization",
            methods.Where(method => (method.MethodImplementationFlags & AtOnce) == 0)
                .Select(method => $"{method.DeclaringType!.FullName}.{method.Name}"));
    }

    private static bool IsOnVectors(MethodInfo method) =>
        method.GetMethodBody() is { } body && body.GetILAsByteArray()!.Length > Small
        && body.LocalVariables.Select(local => local.LocalType).Concat(method.GetParameters().Select(parameter => parameter.ParameterType))
            .Append(method.ReturnType).Any(IsVector);

    private static bool IsVector(Type type)
    {
        if (type.HasElementType) return IsVector(type.GetElementType()!);
        if (type.IsGenericParameter)
            return type.GetGenericParameterConstraints().Any(constraint => Arithmetics.Contains(constraint.Name));
        return Numbers.Contains(type.Name) || type.FullName?.StartsWith("System.Runtime.Intrinsics.Vector") == true
            || (type.IsGenericType && type.GetGenericArguments().Any(IsVector));
    }
}
