// What serverless.yml derives from its params: YAML cannot multiply, loop, or refuse a bad value.
"use strict";

const ARCHITECTURES = { arm64: "arm64", x64: "x86_64" };
const VERSION = "2012-10-17"; // of the language of policies
const OWN = /^(cursors|reindex|progress|versions|reports|drift)\//; // folders of the bucket that hold no batches

// The machine's own architecture: LocalStack runs functions here.
exports.machine = () => ARCHITECTURES[process.arch];

exports.schedule = async (osls) => {
  const minutes = await whole(osls, "collector-minutes", 1, 480);
  return minutes === 1 ? "rate(1 minute)" : `rate(${minutes} minutes)`;
};

// Seconds from one run of the collector to the next. CloudWatch looks back a day at most: three times 480 minutes.
exports.period = async (osls) => 60 * (await whole(osls, "collector-minutes", 1, 480));

// AWS's advice: six times, so that a message is not seen again while its batch is tried anew after a throttle.
exports.visibility = async (osls) => 6 * (await whole(osls, "indexer-timeout", 1, 900));

// AWS's advice: five at least, so that throttles alone make no dead letter.
exports.receives = (osls) => whole(osls, "max-receives", 5, 1000);

exports.oldest = (osls) => whole(osls, "oldest-message-seconds", 1, 1209600);

// What is told of batches beside the index, by what its resources are called and the param that asks for it.
const PROJECTIONS = { Loki: "loki-url", Traces: "otlp-endpoint" };

async function projections(osls) {
  const asked = await Promise.all(Object.values(PROJECTIONS).map((name) => param(osls, name)));
  return Object.keys(PROJECTIONS).filter((_, i) => asked[i]);
}

const several = async (osls) => (await projections(osls)).length > 0;

// S3 notifies one destination per prefix: the queue; or, where there are more, the topic that all subscribe to.
exports.notifications = async (osls) => {
  const topic = await several(osls);
  const destination = topic ? { Topic: { Ref: "Topic" } } : { Queue: { "Fn::GetAtt": ["Queue", "Arn"] } };
  const configurations = (await prefixes(osls)).map((prefix) => ({
    Event: "s3:ObjectCreated:*",
    Filter: { S3Key: { Rules: [{ Name: "prefix", Value: prefix }] } },
    ...destination,
  }));
  return topic ? { TopicConfigurations: configurations } : { QueueConfigurations: configurations };
};

// What must be there before the bucket is: the destination and its subscribers.
exports.told = async (osls) => {
  const found = await projections(osls);
  const topic = ["TopicPolicy", "Subscription", ...found.map((name) => `${name}Subscription`)];
  return ["QueuePolicy", ...(found.length ? topic : [])];
};

// Who may write to the queue. The bucket still may when it tells the topic: in the middle of that change it tells the queue.
exports.senders = async (osls) => {
  const bucket = { "Fn::Sub": "arn:${AWS::Partition}:s3:::" + (await osls.resolveVariable("self:custom.bucket")) };
  const fromBucket = sender("s3", bucket, { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } });
  return (await several(osls)) ? [fromBucket, sender("sns", { Ref: "Topic" }, {})] : [fromBucket];
};

function sender(service, source, conditions) {
  return {
    Effect: "Allow",
    Principal: { Service: `${service}.amazonaws.com` },
    Action: "sqs:SendMessage",
    Resource: { "Fn::GetAtt": ["Queue", "Arn"] },
    Condition: { ArnEquals: { "aws:SourceArn": source }, ...conditions },
  };
}

exports.topicResources = async (osls) => ((await several(osls)) ? "${file(infra/aws/topic.yml)}" : {});

exports.lokiFunction = async (osls) => ((await param(osls, "loki-url")) ? "${file(infra/aws/loki.yml):function}" : null);

exports.lokiResources = async (osls) => ((await param(osls, "loki-url")) ? "${file(infra/aws/loki.yml):resources}" : {});

exports.lokiSecrets = async (osls) => {
  if (/^https?:\/\/[^/]*@/.test(await param(osls, "loki-url"))) {
    throw wrong("loki-url", "no password in it: use LOKI_USERNAME and loki-password");
  }
  return readSecrets(osls, ["loki-password", "loki-bearer-token", "redact-key"]);
};

exports.tracesFunction = async (osls) =>
  (await param(osls, "otlp-endpoint")) ? "${file(infra/aws/traces.yml):function}" : null;

exports.tracesResources = async (osls) =>
  (await param(osls, "otlp-endpoint")) ? "${file(infra/aws/traces.yml):resources}" : {};

exports.tracesSecrets = async (osls) => {
  if (/^https?:\/\/[^/]*@/.test(await param(osls, "otlp-endpoint"))) {
    throw wrong("otlp-endpoint", "no password in it: use otlp-headers");
  }
  return readSecrets(osls, ["otlp-headers", "otlp-traces-headers", "redact-key"]);
};

exports.driftFunction = async (osls) =>
  (await param(osls, "drift-image")) ? "${file(infra/aws/drift.yml):function}" : null;

exports.driftResources = async (osls) =>
  (await param(osls, "drift-image")) ? "${file(infra/aws/drift.yml):resources}" : {};

exports.driftSecrets = (osls) => readIndex(osls, ["redact-key", "alert-slack-url", "alert-smtp-password"]);

// The functions' own traces, by the libraries of a layer: all of these, or nothing.
const traced = (value) => async (osls) => {
  const layer = await param(osls, "tracing-layer");
  if (layer && !(await param(osls, "otlp-endpoint"))) throw wrong("tracing-layer", "otlp-endpoint is needed, too");
  return layer ? value(osls, layer) : null;
};
exports.layers = traced((_, layer) => [layer]);
exports.tracing = traced(() => "on");
exports.tracingEndpoint = traced((osls) => param(osls, "otlp-endpoint"));
exports.tracingHeaders = traced((osls) => param(osls, "otlp-headers"));
const tracingSecrets = async (osls) => ((await param(osls, "tracing-layer")) ? ["otlp-headers"] : []);

exports.batches = async (osls) =>
  (await prefixes(osls)).map((prefix) => ({ "Fn::Sub": `\${BatchesBucket.Arn}/${prefix}*` }));

// Batches expire by prefix: cursors never do. No message is left that goes on with older progress.
exports.lifecycle = async (osls) => {
  const days = await whole(osls, "keep-batches-days", 0, 36500);
  const unfinished = { Status: "Enabled", AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } };
  const expired = (prefix) => ({ Status: "Enabled", Prefix: prefix, ExpirationInDays: days });
  const progress = { Status: "Enabled", Prefix: "progress/", ExpirationInDays: 30 };
  return [unfinished, progress, ...(days ? (await prefixes(osls)).map(expired) : [])];
};

exports.alarmActions = async (osls) => {
  const topic = await param(osls, "alarm-topic");
  return topic ? [topic] : [];
};

exports.collectorSecrets = async (osls) =>
  readSecrets(osls, ["hf-token", "gradio-auth", "redis-password", "redact-key", ...(await tracingSecrets(osls))]);

exports.ingestSecrets = (osls) => readSecrets(osls, ["ingest-tokens", "redact-key"]);

// With tokens, anybody may ask, and the function refuses whoever shows none; without, AWS refuses whoever does not sign.
exports.ingestUrl = async (osls) => ((await param(osls, "ingest-tokens")) ? true : { authorizer: "aws_iam" });

exports.ingestCheckedBy = async (osls) => ((await param(osls, "ingest-tokens")) ? "function" : "platform");

exports.indexerSecrets = async (osls) => readIndex(osls, ["redact-key", ...(await tracingSecrets(osls))]);

// The secrets with which a function asks Elasticsearch, and others of its own.
async function readIndex(osls, others) {
  const url = await param(osls, "elasticsearch-url");
  const refers = url && !/^https?:/.test(url);
  if (/^https?:\/\/[^/]*@/.test(url)) {
    throw wrong("elasticsearch-url", "no password in it: use elasticsearch-password, or refer to the whole URL");
  }
  const own = ["elasticsearch-api-key", "elasticsearch-password", ...others];
  return readSecrets(osls, refers ? [...own, "elasticsearch-url"] : own);
}

// The policy to read those of the named secrets that are configured; none without any.
async function readSecrets(osls, names) {
  const statements = [];
  for (const name of names) {
    const reference = await param(osls, name);
    if (reference) statements.push(readSecret(name, reference));
  }
  if (!statements.length) return { Ref: "AWS::NoValue" };
  const key = await param(osls, "kms-key");
  if (key) statements.push({ Effect: "Allow", Action: "kms:Decrypt", Resource: key });
  return { PolicyName: "secrets", PolicyDocument: { Version: VERSION, Statement: statements } };
}

function readSecret(name, reference) {
  const [, service, id] = /^(ssm:(?=\/)|secretsmanager:)([\w/+=.@:-]+)$/.exec(reference) || [];
  if (!service) throw wrong(name, "a secret, so by reference: ssm:/name/of/parameter or secretsmanager:name-or-ARN");
  const place = `arn:\${AWS::Partition}:${service}\${AWS::Region}:\${AWS::AccountId}`;
  if (service === "ssm:") {
    return { Effect: "Allow", Action: "ssm:GetParameter", Resource: { "Fn::Sub": `${place}:parameter${id}` } };
  }
  // Secrets Manager adds a dash and six characters of its own to a secret's name.
  const resource = id.startsWith("arn:") ? id : { "Fn::Sub": `${place}:secret:${id}-??????` };
  return { Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: resource };
}

// The prefixes to index, which S3 wants apart from each other. What runs remember is none of the indexer's business.
async function prefixes(osls) {
  const found = String(await param(osls, "prefixes")).split(",");
  for (const prefix of found) {
    if (!/^[\w!.'()-][\w!.'()/-]*\/$/.test(prefix) || OWN.test(prefix)) {
      throw wrong("prefixes", `"${prefix}": expected folders such as raw/,uploads/, and none that Trilog keeps things in`);
    }
  }
  const inner = found.find((prefix, place) => found.some((other, i) => i !== place && prefix.startsWith(other)));
  if (inner) throw wrong("prefixes", `"${inner}" is within another of them; name only the outer one`);
  return found;
}

async function whole(osls, name, least, most) {
  const value = Number(await param(osls, name));
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw wrong(name, `expected a whole number from ${least} to ${most}`);
}

// A param's value; null for one that is not set.
function param({ resolveVariable }, name) {
  return resolveVariable(`param:${name}, null`);
}

// An error that osls shows without a stack, which is nothing to its reader.
function wrong(name, why) {
  return Object.assign(new Error(`param ${name}: ${why}`), { stack: "" });
}
