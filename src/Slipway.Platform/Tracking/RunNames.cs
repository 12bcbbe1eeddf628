using System.Globalization;

namespace Slipway.Platform.Tracking;

/// <summary>Names for runs that were given none, such as <c>calm-lantern-417</c>; easier to say than an id, and not unique.</summary>
internal static class RunNames
{
    private static readonly string[] Adjectives =
    [
        "able", "airy", "amber", "ample", "azure", "bold", "brave", "breezy", "bright", "brisk", "calm", "candid", "clear", "clever",
        "coastal", "copper", "cosy", "crisp", "daring", "dapper", "deep", "early", "easy", "fair", "fleet", "fresh", "gentle", "glad",
        "golden", "grand", "handy", "hardy", "honest", "humble", "jolly", "keen", "kind", "lively", "loyal", "lucid", "mellow", "merry",
        "mighty", "misty", "neat", "nimble", "noble", "northern", "patient", "placid", "plucky", "polar", "proud", "quick", "quiet",
        "rapid", "ready", "salty", "sharp", "silver", "sleek", "smooth", "snug", "solid", "sound", "southern", "spry", "stable",
        "steady", "still", "stout", "sturdy", "sunny", "swift", "tidal", "tidy", "trim", "true", "vivid", "warm", "wise", "witty",
    ];

    private static readonly string[] Nouns =
    [
        "albatross", "anchor", "barge", "bay", "beacon", "bell", "boom", "bow", "bridge", "brig", "buoy", "cabin", "canoe", "cape",
        "capstan", "cleat", "clipper", "coast", "compass", "coral", "cove", "cutter", "deck", "delta", "dinghy", "dock", "dolphin",
        "estuary", "ferry", "fjord", "gull", "harbour", "haven", "heron", "hull", "inlet", "island", "jetty", "kayak", "keel", "ketch",
        "lagoon", "lantern", "launch", "lighthouse", "mast", "mooring", "oar", "otter", "paddle", "pelican", "pier", "pilot", "port",
        "prow", "puffin", "quay", "raft", "reef", "rudder", "sail", "schooner", "seal", "sextant", "shore", "skiff", "sloop", "sound",
        "spar", "squall", "stern", "strait", "tern", "tide", "tiller", "trawler", "tug", "vessel", "wake", "wave", "wharf", "yacht",
    ];

    /// <param name="id">Of a UUIDv7, whose last digits are random.</param>
    public static string Of(string id)
    {
        var random = ulong.Parse(id.AsSpan(20), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var (rest, adjective) = ulong.DivRem(random, (ulong)Adjectives.Length);
        var (number, noun) = ulong.DivRem(rest, (ulong)Nouns.Length);
        return string.Create(CultureInfo.InvariantCulture, $"{Adjectives[adjective]}-{Nouns[noun]}-{number % 1000}");
    }
}
