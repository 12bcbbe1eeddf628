using System.Reflection;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Slipway.Tests.Architecture;

/// <summary>The house of ARCHITECTURE.md, as far as a compiler cannot hold it up.</summary>
public sealed class ArchitectureTests
{
    private const string Platform = "Slipway.Platform";

    /// <summary>A module calls those before it; <c>Foundation</c> stands under all.</summary>
    private static readonly string[] Order =
    [
        "Foundation", "Access", "Tracking", "Registry", "Features", "Serving", "Monitoring", "Pipelines", "Streaming",
    ];

    private static readonly string[] ScaleOut =
    [
        "Orleans", "StackExchange.Redis", "Confluent.Kafka", "KubernetesClient", "AWSSDK", "Azure.Storage", "Garnet",
    ];

    private static readonly Lazy<IReadOnlyList<Use>> Uses = new(() => [.. FindUses().Distinct()]);

    /// <summary>One type of a module that names a type of another.</summary>
    private sealed record Use(string From, string FromModule, string To, string ToModule, bool ToIsPublic);

    [Fact]
    public void A_module_calls_only_modules_below_it()
    {
        var upward = Uses.Value.Where(use => Array.IndexOf(Order, use.ToModule) > Array.IndexOf(Order, use.FromModule));
        Assert.Empty(upward.Select(use => $"{use.From} → {use.To}"));
    }

    [Fact]
    public void A_module_never_touches_anothers_internals()
    {
        Assert.Empty(Uses.Value.Where(use => !use.ToIsPublic).Select(use => $"{use.From} → {use.To}"));
    }

    [Fact]
    public void Every_folder_of_the_platform_is_a_module_of_the_design()
    {
        using var assembly = Read(Platform);
        var modules = assembly.MainModule.Types.Where(t => t.Namespace.StartsWith(Platform, StringComparison.Ordinal))
            .Select(t => ModuleOf(t.Namespace)).Distinct();
        Assert.Empty(modules.Except(Order));
    }

    [Theory]
    [InlineData("Slipway.Core")]
    [InlineData("Slipway.Client")]
    [InlineData("Slipway.Inference")]
    [InlineData(Platform)]
    public void What_only_scale_out_needs_stays_out(string name)
    {
        var references = Assembly.Load(name).GetReferencedAssemblies().Select(a => a.Name!);
        Assert.DoesNotContain(references, reference => ScaleOut.Any(reference.Contains));
    }

    [Fact]
    public void Core_stands_on_the_framework_alone()
    {
        var references = Assembly.Load("Slipway.Core").GetReferencedAssemblies().Select(a => a.Name!);
        Assert.DoesNotContain(references, r => !r.StartsWith("System", StringComparison.Ordinal));
    }

    [Fact]
    public void The_client_stands_on_core_alone()
    {
        var references = Assembly.Load("Slipway.Client").GetReferencedAssemblies().Select(a => a.Name!);

        // The errors of a process that cannot be started live there; it is the framework's.
        Assert.DoesNotContain(
            references, r => r is not ("Slipway.Core" or "Microsoft.Win32.Primitives") && !r.StartsWith("System", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_of_the_platform_knows_the_client()
    {
        string[] below = ["Slipway.Core", "Slipway.Inference", Platform];
        Assert.All(below, name => Assert.DoesNotContain("Slipway.Client", Assembly.Load(name).GetReferencedAssemblies().Select(a => a.Name!)));
    }

    [Fact]
    public void Protocols_see_services_and_never_stores()
    {
        using var assembly = Read("slipway");
        var stores = assembly.MainModule.Types
            .Where(t => t.Namespace.StartsWith("Slipway.Protocols", StringComparison.Ordinal))
            .SelectMany(t => Referenced(t).Where(r => r.Name.EndsWith("Store", StringComparison.Ordinal) || r.Name is "Db" or "DbSession")
                .Select(r => $"{t.FullName} → {r.FullName}"));
        Assert.Empty(stores);
    }

    /// <remarks>What is called from the platform is called by the rules of <c>OutgoingAddressPolicy</c>.</remarks>
    [Fact]
    public void One_class_decides_what_addresses_the_platform_calls()
    {
        string[] handlers = [typeof(HttpClient).FullName!, typeof(SocketsHttpHandler).FullName!, typeof(HttpClientHandler).FullName!];
        using var assembly = Read(Platform);
        var makers = assembly.MainModule.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody)
            .SelectMany(method => method.Body.Instructions
                .Where(i => i.OpCode == OpCodes.Newobj && i.Operand is MethodReference made && handlers.Contains(made.DeclaringType.FullName)
                    && made.Parameters.Count == 0)
                .Select(_ => method.DeclaringType.Name));
        Assert.Equal(["OutgoingAddressPolicy"], makers.Distinct());
    }

    private static IEnumerable<Use> FindUses()
    {
        using var assembly = Read(Platform);
        foreach (var type in assembly.MainModule.Types.Where(t => t.Namespace.StartsWith(Platform + ".", StringComparison.Ordinal)))
        {
            var from = ModuleOf(type.Namespace);
            foreach (var target in Referenced(type).Select(r => r.Resolve()).Where(t => t is not null))
            {
                var outer = target;
                while (outer.DeclaringType is not null)
                {
                    outer = outer.DeclaringType;
                }

                if (outer.Namespace.StartsWith(Platform + ".", StringComparison.Ordinal) && ModuleOf(outer.Namespace) != from)
                {
                    yield return new Use(type.FullName, from, target.FullName, ModuleOf(outer.Namespace), outer.IsPublic);
                }
            }
        }
    }

    private static AssemblyDefinition Read(string name)
    {
        var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(AppContext.BaseDirectory);
        resolver.AddSearchDirectory(Path.GetDirectoryName(typeof(object).Assembly.Location)!);
        return AssemblyDefinition.ReadAssembly(
            Path.Combine(AppContext.BaseDirectory, $"{name}.dll"), new ReaderParameters { AssemblyResolver = resolver });
    }

    private static string ModuleOf(string space) => space.Split('.').ElementAtOrDefault(2) ?? "";

    /// <summary>Every type that the type, its members, their bodies and its nested types name.</summary>
    private static IEnumerable<TypeReference> Referenced(TypeDefinition type)
    {
        var direct = type.Interfaces.Select(i => i.InterfaceType)
            .Concat(type.Fields.Select(f => f.FieldType))
            .Concat(type.Methods.SelectMany(Referenced));
        return direct.Append(type.BaseType).OfType<TypeReference>().SelectMany(Flatten)
            .Where(t => t.Scope.Name.StartsWith("Slipway", StringComparison.OrdinalIgnoreCase))
            .Concat(type.NestedTypes.SelectMany(Referenced));
    }

    private static IEnumerable<TypeReference> Referenced(MethodDefinition method)
    {
        var signature = method.Parameters.Select(p => p.ParameterType).Append(method.ReturnType);
        if (!method.HasBody)
        {
            return signature;
        }

        var body = method.Body.Instructions.SelectMany(Referenced);
        return signature.Concat(method.Body.Variables.Select(v => v.VariableType)).Concat(body);
    }

    private static IEnumerable<TypeReference> Referenced(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => [type],
        FieldReference field => [field.DeclaringType],
        GenericInstanceMethod method => [method.DeclaringType, .. method.GenericArguments],
        MethodReference method => [method.DeclaringType],
        _ => [],
    };

    private static IEnumerable<TypeReference> Flatten(TypeReference type) => type switch
    {
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Flatten).Prepend(generic.ElementType),
        TypeSpecification wrapped => Flatten(wrapped.ElementType),
        GenericParameter => [],
        _ => [type],
    };
}
