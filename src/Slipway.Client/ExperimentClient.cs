using Slipway.Client.Http;
using Slipway.Core.Errors;

namespace Slipway.Client;

public sealed class ExperimentClient
{
    private readonly Transport transport;

    internal ExperimentClient(Transport transport) => this.transport = transport;

    /// <summary>By name, one page at a time.</summary>
    public IAsyncEnumerable<Experiment> ListAsync(View view = View.Active, CancellationToken cancel = default) => transport.ListAsync(
        Paging.With("api/v1/experiments?limit=200", "view", view == View.Active ? null : SnakeCase.Of(view)),
        ClientJson.Default.PageExperiment, cancel);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task<Experiment> GetAsync(long id, CancellationToken cancel = default) =>
        transport.GetAsync($"api/v1/experiments/{id}", ClientJson.Default.Experiment, cancel);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task<Experiment> GetAsync(string name, CancellationToken cancel = default) =>
        transport.GetAsync($"api/v1/experiments/by-name/{Paging.Segments(name)}", ClientJson.Default.Experiment, cancel);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when the name is taken.</exception>
    public Task<Experiment> CreateAsync(NewExperiment experiment, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(HttpMethod.Post, "api/v1/experiments", experiment, ClientJson.Default.NewExperiment, mayRepeat: false),
        ClientJson.Default.Experiment, cancel);

    /// <summary>The experiment of this name, made when there is none.</summary>
    public async Task<Experiment> GetOrCreateAsync(string name, CancellationToken cancel = default)
    {
        try
        {
            return await GetAsync(name, cancel);
        }
        catch (SlipwayException absent) when (absent.Kind == ErrorKind.NotFound)
        {
            try
            {
                return await CreateAsync(new NewExperiment(name), cancel);
            }
            catch (SlipwayException taken) when (taken.Kind == ErrorKind.Conflict)
            {
                // Somebody else made it meanwhile.
                return await GetAsync(name, cancel);
            }
        }
    }

    /// <summary>Hides it and its runs until they are restored or collected as garbage; its name stays taken.</summary>
    public Task DeleteAsync(long id, CancellationToken cancel = default) =>
        transport.CallAsync(new Call(HttpMethod.Delete, $"api/v1/experiments/{id}"), cancel);

    public Task RestoreAsync(long id, CancellationToken cancel = default) =>
        transport.CallAsync(new Call(HttpMethod.Post, $"api/v1/experiments/{id}/restore") { MayRepeat = true }, cancel);
}
