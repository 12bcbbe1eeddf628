"""The four calls of SageMaker's Feature Store runtime, as AWS's own client makes them. Argument: the server. Ends with 0 when all is as expected."""

import sys

import boto3
from botocore.config import Config

ARN = "arn:aws:sagemaker:eu-central-1:123456789012:feature-group/driver_stats"


def client(url, **more):
    return boto3.client(
        "sagemaker-featurestore-runtime", endpoint_url=url, region_name="eu-central-1",
        config=Config(retries={"total_max_attempts": 1}), **more)


def record(**values):
    return [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]


def values(answer):
    return {value["FeatureName"]: value["ValueAsString"] for value in answer.get("Record", [])}


def equal(expected, actual):
    if expected != actual:
        sys.exit(f"Expected {expected!r}; got {actual!r}.")


def refused(status, code, call, **arguments):
    try:
        call(**arguments)
    except Exception as failure:
        response = getattr(failure, "response", None)
        if response is None:
            raise
        equal((code, status), (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]))
        if not response["Error"]["Message"]:
            sys.exit(f"{code} says nothing.")
        return failure
    sys.exit(f"{code} was expected.")


def main(url):
    runtime = client(url)

    # Names and values that must be escaped in a path or query, signed as they are sent.
    odd = "a b/1001+ü&=%2F"
    runtime.put_record(FeatureGroupName="driver_stats", Record=record(driver=odd, at="2024-01-02T10:00:00Z", trips="7", conv="0.5"))
    equal(
        {"driver": odd, "at": "2024-01-02T10:00:00Z", "trips": "7", "conv": "0.5"},
        values(runtime.get_record(FeatureGroupName="driver_stats", RecordIdentifierValueAsString=odd)))
    equal({"conv": "0.5"}, values(runtime.get_record(FeatureGroupName=ARN, RecordIdentifierValueAsString=odd, FeatureNames=["conv"])))
    equal(None, runtime.get_record(FeatureGroupName="driver_stats", RecordIdentifierValueAsString="nobody").get("Record"))

    # The greatest event time is served; stores and expiry are as the call says.
    runtime.put_record(FeatureGroupName="driver_stats", Record=record(driver=odd, at="2024-01-02T09:00:00Z", trips="1"))
    runtime.put_record(
        FeatureGroupName="driver_stats", Record=record(driver=odd, at="2024-01-02T11:00:00Z", trips="2"), TargetStores=["OfflineStore"])
    runtime.put_record(
        FeatureGroupName="driver_stats", Record=record(driver="b", at="2024-01-02T10:00:00Z", trips="3"),
        TargetStores=["OnlineStore", "OfflineStore"], TtlDuration={"Unit": "Weeks", "Value": 5000})
    batch = runtime.batch_get_record(
        Identifiers=[
            {"FeatureGroupName": "driver_stats", "RecordIdentifiersValueAsString": [odd, "b", "nobody"], "FeatureNames": ["driver", "trips"]},
            {"FeatureGroupName": "none", "RecordIdentifiersValueAsString": ["1"]}],
        ExpirationTimeResponse="Enabled")
    equal(
        [("driver_stats", odd, record(driver=odd, trips="7"), None),
         ("driver_stats", "b", record(driver="b", trips="3"), "2119-10-31T10:00:00Z")],
        [(one["FeatureGroupName"], one["RecordIdentifierValueAsString"], one["Record"], one.get("ExpiresAt")) for one in batch["Records"]])
    equal([("none", "1", "ResourceNotFound")],
          [(one["FeatureGroupName"], one["RecordIdentifierValueAsString"], one["ErrorCode"]) for one in batch["Errors"]])
    equal([], batch["UnprocessedIdentifiers"])

    refused(400, "ValidationError", runtime.delete_record, FeatureGroupName="driver_stats", RecordIdentifierValueAsString=odd,
            EventTime="2024-01-02T10:00:00Z", DeletionMode="HardDelete")
    runtime.delete_record(FeatureGroupName="driver_stats", RecordIdentifierValueAsString=odd, EventTime="2024-01-02T12:00:00Z",
                          TargetStores=["OnlineStore"], DeletionMode="HardDelete")
    runtime.delete_record(FeatureGroupName=ARN, RecordIdentifierValueAsString="b", EventTime="2024-01-02T12:00:00+00:00")
    for identifier in (odd, "b"):
        equal({}, values(runtime.get_record(FeatureGroupName="driver_stats", RecordIdentifierValueAsString=identifier)))

    # Errors are those classes of the client that its users catch.
    gone = refused(404, "ResourceNotFound", runtime.get_record, FeatureGroupName="none", RecordIdentifierValueAsString="1")
    equal(True, isinstance(gone, runtime.exceptions.ResourceNotFound))
    wrong = refused(400, "ValidationError", runtime.put_record, FeatureGroupName="driver_stats", Record=record(driver="c", trips="1"))
    equal(True, isinstance(wrong, runtime.exceptions.ValidationError))
    stranger = client(url, aws_access_key_id="nobody", aws_secret_access_key="guess")
    refused(403, "AccessForbidden", stranger.get_record, FeatureGroupName="driver_stats", RecordIdentifierValueAsString="b")


main(sys.argv[1])
