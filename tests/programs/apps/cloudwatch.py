"""Sends events to CloudWatch Logs (moto's) and takes what a subscription, or an export, puts into S3."""

import sys
import time

import boto3
from moto import mock_aws

how = sys.argv[1]
EVENTS = [
    "2026-11-26 14:40:01,123 - scoring.api - INFO - 2 rows scored in 12.5 ms",
    "plain text without a time",
    """2026-11-26 14:40:02,456 - scoring.api - ERROR - request 7f3b failed
Traceback (most recent call last):
RuntimeError: model not loaded""",
]


@mock_aws
def main():
    logs, s3 = boto3.client("logs"), boto3.client("s3")
    s3.create_bucket(Bucket="archive")
    logs.create_log_group(logGroupName="/aws/lambda/scoring")
    logs.create_log_stream(logGroupName="/aws/lambda/scoring", logStreamName="one")
    if how == "subscription":
        subscribe(logs)
    for text in EVENTS:
        event = {"timestamp": int(time.time() * 1000), "message": text}
        time.sleep(1)  # the names of Firehose's objects sort by the second
        logs.put_log_events(logGroupName="/aws/lambda/scoring", logStreamName="one", logEvents=[event])
    if how == "export":
        logs.create_export_task(
            logGroupName="/aws/lambda/scoring", fromTime=0, to=int(time.time() * 1000) + 1, destination="archive"
        )
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket="archive")["Contents"]]
    sys.stderr.write(f"{keys}\n")
    bodies = [s3.get_object(Bucket="archive", Key=key)["Body"].read() for key in keys if "write-test" not in key]
    with open("object", "wb") as file:
        file.writelines(bodies)


def subscribe(logs):
    role = "arn:aws:iam::123456789012:role/logs"
    stream = boto3.client("firehose").create_delivery_stream(
        DeliveryStreamName="scoring",
        ExtendedS3DestinationConfiguration={"RoleARN": role, "BucketARN": "arn:aws:s3:::archive"},
    )
    logs.put_subscription_filter(
        logGroupName="/aws/lambda/scoring",
        filterName="all",
        filterPattern="",
        destinationArn=stream["DeliveryStreamARN"],
        roleArn=role,
    )


main()
