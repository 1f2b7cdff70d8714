"""Which adapters the configuration asks for. Each is imported only when it is: a cold start pays for its own alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.pipeline.config import Options
    from functions.pipeline.fingerprints import Fingerprints
    from functions.pipeline.parser import Parser
    from functions.pipeline.queue import DeadLetterQueue
    from functions.pipeline.redaction import Redaction
    from functions.pipeline.sinks import Indexes, Sink
    from functions.pipeline.sinks.loki.sink import LokiSink
    from functions.pipeline.sinks.otlp.sink import OtlpSink
    from functions.pipeline.sources import Source, Topic
    from functions.pipeline.store import Store
    from functions.pipeline.telemetry import Tracing


def collector_options() -> tuple[type[Options], ...]:
    """Return the options classes of what a collector is wired from."""
    from functions.pipeline.kafka_options import KafkaOptions
    from functions.pipeline.otlp_options import OtlpOptions
    from functions.pipeline.redaction import RedactionOptions
    from functions.pipeline.sources.gradio_options import GradioOptions
    from functions.pipeline.sources.place import PlaceOptions
    from functions.pipeline.sources.redis_options import RedisOptions
    from functions.pipeline.store import StoreOptions

    return PlaceOptions, GradioOptions, RedisOptions, KafkaOptions, StoreOptions, RedactionOptions, OtlpOptions


def ingest_options() -> tuple[type[Options], ...]:
    """Return the options classes of what an ingest function is wired from."""
    from functions.pipeline.redaction import RedactionOptions
    from functions.pipeline.store import StoreOptions

    return StoreOptions, RedactionOptions


def indexer_options() -> tuple[type[Options], ...]:
    """Return the options classes of what an indexer is wired from."""
    from functions.pipeline.codecs.options import CodecOptions
    from functions.pipeline.kinds import kind_options
    from functions.pipeline.names import IndexNames
    from functions.pipeline.otlp_options import OtlpOptions
    from functions.pipeline.own import OwnOptions
    from functions.pipeline.parser import ParserOptions
    from functions.pipeline.redaction import RedactionOptions
    from functions.pipeline.sinks.chosen import SinkOptions
    from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions
    from functions.pipeline.sinks.loki.options import LokiOptions
    from functions.pipeline.store import StoreOptions

    shared = StoreOptions, CodecOptions, ParserOptions, OwnOptions, RedactionOptions
    return *shared, SinkOptions, ElasticsearchOptions, IndexNames, LokiOptions, OtlpOptions, *kind_options().values()


def all_options() -> tuple[type[Options], ...]:
    """Return the options classes of all the adapters that the pipeline can be wired from."""
    return tuple(dict.fromkeys((*collector_options(), *indexer_options())))


def open_source(environment: Mapping[str, str], place: str | None = None) -> Source:
    """Open the source at a place; its lines come redacted.

    Args:
        environment: the configuration.
        place: an address with one of the schemes of `_SOURCES`, `-`, or the path or pattern of log files. None: what
            PIPELINE_SOURCE, GRADIO_URL, REDIS_HOST or KAFKA_BOOTSTRAP_SERVERS says, the first of them that is set.

    Raises:
        ConfigError: no place is configured, or it is not written as a source's place is.
    """
    from functions.pipeline.sources.redacted import RedactedSource

    redaction = open_redaction(environment)
    fingerprints = _open_fingerprints(environment, redaction)
    scheme, place = (_scheme(place), place) if place else _configured_place(environment)
    return RedactedSource(_SOURCES[scheme](environment, place, redaction, fingerprints), redaction)


def open_topic(environment: Mapping[str, str], place: str | None = None) -> Topic | None:
    """Open the topic at a place, as `open_source` does a source; None where the place is none."""
    scheme, place = (_scheme(place), place) if place else _configured_place(environment)
    if scheme != KAFKA:
        return None
    from functions.pipeline.kafka_options import KafkaOptions
    from functions.pipeline.sources.kafka import KafkaTopic
    from functions.pipeline.sources.redacted import RedactedTopic

    (options,) = load(environment, KafkaOptions)
    topic = KafkaTopic(options.at(place) if place else options, configured_encoding(environment))
    return RedactedTopic(topic, open_redaction(environment))


def open_event(environment: Mapping[str, str], event: object) -> list[Source]:
    """Open the partitions of which an event of AWS Lambda has messages, as sources.

    Raises:
        PermanentError: it is no event of a Kafka event source.
    """
    from functions.pipeline.kafka_options import KafkaOptions
    from functions.pipeline.sources.kafka_event import partitions_of
    from functions.pipeline.sources.redacted import RedactedSource

    (options,) = load(environment, KafkaOptions)
    partitions = partitions_of(event, options.given_name, configured_encoding(environment))
    redaction = open_redaction(environment)
    return [RedactedSource(each, redaction) for each in partitions]


def _open_fingerprints(environment: Mapping[str, str], redaction: Redaction) -> Fingerprints:
    """Return the fingerprints for cursors: with the configured key, or, where redaction has none, with the store's."""
    from functions.pipeline.fingerprint_key import load_key, load_or_create_key
    from functions.pipeline.fingerprints import Fingerprints
    from functions.pipeline.redaction import RedactionOptions

    (options,) = load(environment, RedactionOptions)
    if options.keys or not redaction.active:
        return Fingerprints(options.keys or (), lambda: load_key(open_store(environment)))
    created = (load_or_create_key(open_store(environment)) for _ in range(1))  # only when it is needed
    return Fingerprints(created)


def has_source(environment: Mapping[str, str]) -> bool:
    """Say whether the environment names a source."""
    try:
        return bool(_configured_place(environment))
    except ConfigError:
        return False


def _configured_place(environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the scheme and the address of the source that the environment names."""
    from functions.pipeline.kafka_options import KafkaOptions
    from functions.pipeline.sources.gradio_options import GradioOptions
    from functions.pipeline.sources.place import PlaceOptions
    from functions.pipeline.sources.redis_options import RedisOptions

    named, gradio, redis, kafka = load(environment, PlaceOptions, GradioOptions, RedisOptions, KafkaOptions)
    if named.place:
        return _scheme(named.place), named.place
    if gradio.url:
        return "https", gradio.url  # which may be a Space's name, too
    if redis.host:
        return "redis", ""
    if kafka.servers:
        return KAFKA, ""
    raise ConfigError("No source. Set GRADIO_URL, or name one: --source URL-or-path")


def is_path(place: str) -> bool:
    """Say whether a place is a path, or a pattern, of files."""
    return bool(place) and place != "-" and ("://" not in place or place.startswith("file://"))


def _scheme(place: str) -> str:
    """Return the key of `_SOURCES` that a place belongs to."""
    scheme, separator, _ = place.partition("://")
    if not separator:
        return "-" if place == "-" else "file"
    if scheme.lower() not in _SOURCES:
        known = ", ".join(f"{each}://" for each in _SOURCES if each != "-")
        raise ConfigError(
            "No source has an address of the form {scheme}://…; known: {known}", scheme=scheme, known=known
        )
    return scheme.lower()


def _open_space(environment: Mapping[str, str], place: str, redaction: Redaction, fingerprints: Fingerprints) -> Source:
    from functions.pipeline.sources.gradio import GradioSource
    from functions.pipeline.sources.gradio_options import GradioOptions

    (options,) = load({**environment, "GRADIO_URL": place}, GradioOptions)
    return GradioSource(options, redaction, fingerprints)


def _open_space_log(
    environment: Mapping[str, str], place: str, redaction: Redaction, fingerprints: Fingerprints
) -> Source:
    from functions.pipeline.sources.gradio_options import GradioOptions
    from functions.pipeline.sources.space_log import SpaceLogSource

    (options,) = load(environment, GradioOptions)
    return SpaceLogSource(place, options, redaction, fingerprints)


def _open_redis(environment: Mapping[str, str], place: str, redaction: Redaction, fingerprints: Fingerprints) -> Source:
    from functions.pipeline.sources.redis_list import RedisListSource
    from functions.pipeline.sources.redis_options import RedisOptions

    (options,) = load(environment, RedisOptions)
    return RedisListSource(options.at(place) if place else options, redaction, fingerprints)


def _open_files(
    environment: Mapping[str, str], place: str, _redaction: Redaction, fingerprints: Fingerprints
) -> Source:
    from functions.pipeline.sources.file import FileSource

    begins = open_parser(environment).open().reader.begins
    return FileSource(place.removeprefix("file://"), begins, fingerprints, configured_encoding(environment))


def _open_standard_input(
    environment: Mapping[str, str], _place: str, _redaction: Redaction, _fingerprints: Fingerprints
) -> Source:
    import sys

    from functions.pipeline.sources.standard_input import StandardInputSource

    begins = open_parser(environment).open().reader.begins
    return StandardInputSource(getattr(sys.stdin, "buffer", None), begins, configured_encoding(environment))


def _open_no_topic(
    _environment: Mapping[str, str], _place: str, _redaction: Redaction, _fingerprints: Fingerprints
) -> Source:
    raise ConfigError(
        "A Kafka topic is not read on a schedule. Read it with trilog --continuous, or by the function of docs/kafka.md"
    )


KAFKA = "kafka"
_SOURCES = {
    "http": _open_space,
    "https": _open_space,
    "hf": _open_space_log,
    "redis": _open_redis,
    "rediss": _open_redis,
    KAFKA: _open_no_topic,
    "file": _open_files,
    "-": _open_standard_input,
}
"""What opens a source, by the scheme of its place; a place without a scheme is a path."""


def open_redaction(environment: Mapping[str, str]) -> Redaction:
    """Open the redaction of records; one that is not active hides nothing."""
    from functions.pipeline.redaction import Redaction, RedactionOptions

    (options,) = load(environment, RedactionOptions)
    return Redaction(options)


def configured_encoding(environment: Mapping[str, str]) -> str:
    """Return the charset of text that is not UTF-8 and does not tell its charset."""
    from functions.pipeline.codecs.options import CodecOptions

    (options,) = load(environment, CodecOptions)
    return str(options.encoding)


def open_store(environment: Mapping[str, str]) -> Store:
    """Open the object store."""
    from functions.pipeline.store import Store, StoreOptions

    (options,) = load(environment, StoreOptions)
    return Store(options.address)


def open_parser(environment: Mapping[str, str]) -> Parser:
    """Open what turns records into documents."""
    from functions.pipeline.kinds import kind_options
    from functions.pipeline.own import own
    from functions.pipeline.parser import Parser, ParserOptions

    configured = kind_options()
    options, *of_kinds = load(environment, ParserOptions, *configured.values())
    found = own(environment)
    if found and found.paths and not environment.get("PIPELINE_PREDICTION_PATHS"):
        options = ParserOptions(**{**vars(options), "prediction_paths": ",".join(found.paths)})
    return Parser(options, found, dict(zip(configured, of_kinds, strict=True)))


def open_chosen_sink(environment: Mapping[str, str]) -> Sink:
    """Open the sink of an indexer function: what PIPELINE_SINK names, the indexes, Loki or traces.

    Raises:
        ConfigError: the configuration cannot work.
    """
    from functions.pipeline.sinks.chosen import LOKI, TRACES, SinkOptions

    (chosen,) = load(environment, SinkOptions)
    if chosen.sink == TRACES:
        return open_traces(environment)
    return open_loki(environment) if chosen.sink == LOKI else open_sink(environment)


def chosen_sink(environment: Mapping[str, str]) -> tuple[str, bool]:
    """Return what `open_chosen_sink` opens, by name, and whether former contents of objects are to go from there."""
    from functions.pipeline.sinks.chosen import DELETE, SinkOptions

    (chosen,) = load(environment, SinkOptions)
    return chosen.sink, chosen.replaced == DELETE


def open_sink(environment: Mapping[str, str]) -> Sink:
    """Open the indexes as a sink: Elasticsearch when its host or URL is set, else the embedded DuckDB."""
    elasticsearch, names, store = _index_options(environment)
    if elasticsearch.address:
        from functions.pipeline.sinks.elasticsearch.sink import ElasticsearchSink

        return ElasticsearchSink(elasticsearch, names)
    from functions.pipeline.sinks.duckdb.sink import DuckdbSink

    return DuckdbSink(store.index_file, names)


def open_loki(environment: Mapping[str, str], patience_s: float = 30.0) -> LokiSink:
    """Open Loki as a sink, which is tried again for so many seconds when it is away.

    Raises:
        ConfigError: no Loki is configured, or its address is none.
    """
    from functions.pipeline.backoff import Backoff
    from functions.pipeline.sinks.loki.options import LokiOptions
    from functions.pipeline.sinks.loki.sink import LokiSink

    (options,) = load(environment, LokiOptions)
    return LokiSink(options, Backoff(total=patience_s))


def open_traces(environment: Mapping[str, str], patience_s: float = 30.0) -> OtlpSink:
    """Open what takes traces over OTLP as a sink, which is tried again for so many seconds when it is away.

    Raises:
        ConfigError: nothing takes traces so far, or its address or headers are none.
    """
    from functions.pipeline.backoff import Backoff
    from functions.pipeline.otlp_options import OtlpOptions
    from functions.pipeline.sinks.otlp.sink import OtlpSink

    (options,) = load(environment, OtlpOptions)
    return OtlpSink(options, Backoff(total=patience_s))


def open_tracing(environment: Mapping[str, str], service: str) -> Tracing:
    """Open a function's own traces, which are off unless PIPELINE_TRACING is on.

    Raises:
        ConfigError: they are on, but nothing takes traces, or OpenTelemetry's SDK is not installed.
    """
    from functions.pipeline.otlp_options import OtlpOptions
    from functions.pipeline.telemetry import Untraced

    (options,) = load(environment, OtlpOptions)
    if options.tracing == "off":
        return Untraced()
    from functions.pipeline.tracing import sdk_tracing

    return sdk_tracing(service, options.url, tuple(options.headers.items()))


def open_indexes(environment: Mapping[str, str]) -> Indexes:
    """Open the indexes: Elasticsearch's, or DuckDB's."""
    elasticsearch, names, store = _index_options(environment)
    if elasticsearch.address:
        from functions.pipeline.sinks.elasticsearch.indexes import ElasticsearchIndexes

        return ElasticsearchIndexes(elasticsearch, names)
    from functions.pipeline.sinks.duckdb.indexes import DuckdbIndexes

    return DuckdbIndexes(store.index_file, names)


def has_index(environment: Mapping[str, str]) -> bool:
    """Say whether there is an index: Elasticsearch's, which is configured, or the embedded one, which has a file."""
    elasticsearch, _, store = _index_options(environment)
    return bool(elasticsearch.address or store.index_file.exists())


def index_environments(environment: Mapping[str, str]) -> list[Mapping[str, str]]:
    """Return the environments whose indexes there are: beside Elasticsearch, an embedded one that was used before.

    Its tables may have the names of now, or the usual ones.
    """
    from functions.pipeline.config import variables
    from functions.pipeline.names import IndexNames
    from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions

    elasticsearch, _, store = _index_options(environment)
    found = [environment]
    if elasticsearch.address and store.index_file.exists():
        for options in ([ElasticsearchOptions], [ElasticsearchOptions, IndexNames]):
            theirs = {each.name for each in variables(options)}
            without = {name: value for name, value in environment.items() if name not in theirs}
            if without not in found and any(open_indexes(without).count().values()):
                found.append(without)
    return found


def _index_options(environment: Mapping[str, str]) -> tuple[Any, ...]:
    from functions.pipeline.names import IndexNames
    from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions
    from functions.pipeline.store import StoreOptions

    return load(environment, ElasticsearchOptions, IndexNames, StoreOptions)


def open_queue(environment: Mapping[str, str]) -> DeadLetterQueue:
    """Open the dead letter queue."""
    from functions.pipeline.queue import DeadLetterQueue, QueueOptions

    (options,) = load(environment, QueueOptions)
    if not options.url:
        raise ConfigError("No queue. Set PIPELINE_DEAD_LETTER_QUEUE to the DeadLetterQueueUrl of your deployment")
    return DeadLetterQueue(options.url, environment.get("AWS_REGION"))
