using Slipway.Core.Data;
using Slipway.Core.Tensors;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Serving.Predictions;

namespace Slipway.Commands.Demo;

/// <summary>
/// Training-serving skew, measured: for a week of predictions the features that were served are compared, bit by bit, with
/// those that a training set of the same flights holds.
/// </summary>
internal sealed class SkewCheck(IServiceProvider server)
{
}
