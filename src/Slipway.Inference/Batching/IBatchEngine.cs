namespace Slipway.Inference.Batching;

/// <summary>Runs calls of one form; the answers are left in the calls.</summary>
internal interface IBatchEngine<in TCall>
{
    /// <summary>Rows along the first axis.</summary>
    int Rows(TCall call);

    /// <summary>Whether the two can share a native call: equal in all but the first axis.</summary>
    bool Fits(TCall first, TCall other);

    /// <param name="deadline">Timestamp after which the native call is stopped.</param>
    void Run(IReadOnlyList<TCall> calls, long deadline);
}
