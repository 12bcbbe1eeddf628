namespace Slipway.Inference;
internal static class Placeholder;
