"""What the Elasticsearch sink does with a server that misbehaves; tests/integration has the real one."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from functions.pipeline.backoff import Backoff
from functions.pipeline.config import load
from functions.pipeline.documents import LOGS, Document, as_rows
from functions.pipeline.errors import ConfigError, PermanentError, TransientError
from functions.pipeline.names import IndexNames
from functions.pipeline.sinks.elasticsearch.indexes import ElasticsearchIndexes
from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions
from functions.pipeline.sinks.elasticsearch.sink import ElasticsearchSink
from tests.fakes import dropping, failing, fake_elasticsearch, refusing, slow, stored, storing_then_closing

MESSAGE = "message"

SECRET = "s3cr3t"  # noqa: S105 (a test's)
SOON = Backoff(first=0.005, longest=0.02, total=0.2)


def document(number, body=None, kind=LOGS):
    content = b'{"message":"%d"}' % number if body is None else body
    return Document(kind, f"id-{number}", "2025-01-20T10:30:00.000Z", content)


@pytest.fixture
def fake():
    with fake_elasticsearch() as running:
        yield running


@pytest.fixture
def sink(fake):
    with ElasticsearchSink(ElasticsearchOptions(url=fake.url), IndexNames(), SOON, timeout=5) as opened:
        yield opened


def ids(fake):
    return sorted(identity for _, identity in fake.documents)


def test_documents_arrive_unchanged_in_the_index_of_their_kind(fake, sink):
    written = sink.write(as_rows([document(1, '{"a": "é"}'.encode()), document(2, kind=MESSAGE)]))
    assert written.created == {LOGS: 1, MESSAGE: 1}
    assert fake.documents == {
        ("ml-api-logs", "id-1"): '{"a": "é"}'.encode(),
        ("ml-api-message", "id-2"): b'{"message":"2"}',
    }


def test_with_a_period_the_records_date_names_the_index(fake):
    with ElasticsearchSink(ElasticsearchOptions(url=fake.url), IndexNames(period="month"), SOON) as sink:
        sink.write(as_rows([document(1)]))
    assert list(fake.documents) == [("ml-api-logs-2025.01", "id-1")]


def test_what_is_written_again_is_counted_as_a_duplicate(sink):
    sink.write(as_rows([document(1)]))
    written = sink.write(as_rows([document(1), document(2)]))
    assert (written.created, written.duplicates) == ({LOGS: 1}, {LOGS: 1})


def test_writing_nothing_asks_only_for_the_templates(fake, sink):
    assert sink.write(as_rows([])).created == {}
    assert fake.requests == ["GET /_index_template"]


def test_one_request_over_one_connection_is_all_that_a_further_write_costs(fake, sink):
    sink.write(as_rows([document(1)]))
    sink.write(as_rows([document(2)]))
    assert fake.requests == ["GET /_index_template", "POST /_bulk", "POST /_bulk"]
    assert fake.connections == 1


def test_missing_templates_are_made_before_the_first_document(fake, sink):
    fake.templates -= {"ml-api-perfs", "ml-api-message"}
    sink.write(as_rows([document(1)]))
    assert {"PUT /_index_template/ml-api-perfs", "PUT /_index_template/ml-api-message"} <= set(fake.requests)
    assert "PUT /_index_template/ml-api-logs" not in fake.requests
    assert fake.requests[-1] == "POST /_bulk"


def test_no_body_exceeds_five_megabytes(fake, sink):
    sink.write(as_rows(document(number, b'{"m":"%s"}' % (b"x" * 1_000_000)) for number in range(12)))
    assert fake.bulks == [5, 5, 2]


def test_documents_are_taken_from_the_iterator_only_as_they_are_sent(fake, sink):
    ahead = []

    def documents():
        for number in range(12):
            ahead.append(number - len(fake.documents))
            yield document(number, b'{"m":"%s"}' % (b"x" * 1_000_000))

    sink.write(as_rows(documents()))
    assert max(ahead) <= 11  # one body is under way, the next is ready


def test_documents_refused_for_now_are_sent_again_without_the_others(fake, sink):
    busy = refusing(lambda sent: sent[1] in ("id-2", "id-4"), 429, "es_rejected_execution_exception")
    fake.answer_with(busy, refusing(lambda sent: sent[1] == "id-4", 503, "unavailable_shards_exception"))
    written = sink.write(as_rows(map(document, range(6))))
    assert (written.created, written.duplicates, written.rejected) == ({LOGS: 6}, {}, [])
    assert fake.bulks == [6, 2, 1]


def test_documents_refused_for_now_again_and_again_are_handed_back(fake, sink):
    fake.always_answer_with(refusing(lambda sent: sent[1] == "id-2", 429, "es_rejected_execution_exception"))
    with pytest.raises(TransientError, match=r"refuses 1 of the documents for now \(429, es_rejected"):
        sink.write(as_rows(map(document, range(3))))
    assert len(fake.bulks) > 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_request_refused_for_now_is_sent_again(fake, sink, status):
    fake.answer_with(failing(status), failing(status))
    assert sink.write(as_rows([document(1)])).created == {LOGS: 1}
    assert fake.bulks == [1, 1, 1]


def test_a_server_that_stays_overloaded_is_given_up_within_the_time(fake, sink):
    fake.always_answer_with(failing(503, {"error": {"type": "unavailable", "reason": "no master"}, "status": 503}))
    with pytest.raises(TransientError, match=r"503, unavailable: no master.*Run again later"):
        sink.write(as_rows([document(1)]))


def test_a_dropped_connection_is_opened_again(fake, sink):
    fake.answer_with(dropping, dropping)
    assert sink.write(as_rows([document(1)])).created == {LOGS: 1}


def test_a_server_that_drops_every_connection_is_named(fake, sink):
    fake.always_answer_with(dropping)
    with pytest.raises(TransientError, match=r"Cannot connect to Elasticsearch. Host: 127.0.0.1:\d+ \("):
        sink.write(as_rows([document(1)]))


def test_a_kept_connection_that_has_ended_is_replaced_at_once(fake):
    never = Backoff(first=1, longest=1, total=0)
    with ElasticsearchSink(ElasticsearchOptions(url=fake.url), IndexNames(), never) as sink:
        fake.answer_with(storing_then_closing)
        sink.write(as_rows([document(1)]))
        assert sink.write(as_rows([document(2)])).created == {LOGS: 1}
    assert fake.connections == 2


def test_a_server_that_answers_too_late_is_asked_again(fake):
    with ElasticsearchSink(ElasticsearchOptions(url=fake.url), IndexNames(), Backoff(0.005, 0.02, 2), 0.1) as sink:
        fake.answer_with(slow(0.2))
        written = sink.write(as_rows([document(1)]))
    assert sum(written.created.values()) + sum(written.duplicates.values()) == 1


def test_a_server_that_is_not_there_is_named_with_the_remedy():
    with socket.socket() as unused:  # bound, not listening
        unused.bind(("127.0.0.1", 0))
        options = ElasticsearchOptions(host="127.0.0.1", port=unused.getsockname()[1])
        with ElasticsearchSink(options, IndexNames(), SOON) as sink, pytest.raises(TransientError) as caught:
            sink.write(as_rows([document(1)]))
    assert str(caught.value) == (
        f"Cannot connect to Elasticsearch. Host: 127.0.0.1:{options.port} (Connection refused). "
        "Start it with: make pipeline-elasticsearch-up"
    )


def test_a_body_that_is_too_large_is_halved_and_later_ones_are_smaller(fake, sink):
    fake.largest = 3_500_000
    written = sink.write(as_rows(document(number, b'{"m":"%s"}' % (b"x" * 1_000_000)) for number in range(12)))
    assert written.created == {LOGS: 12}
    assert fake.bulks == [2, 3, 2, 3, 2]


def test_after_a_burst_of_refusals_for_size_requests_are_whole_again_within_20(fake, sink):
    fake.largest = 400
    sink.write(as_rows(map(document, range(2))))  # one body, which is written one by one
    fake.largest, before = None, len(fake.bulks)
    sink.write(as_rows(document(number, b'{"m":"%s"}' % (b"x" * 1_000)) for number in range(20_000)))
    assert max(fake.bulks[before : before + 20]) > 4_500


def test_a_limit_that_stays_is_tried_ever_more_rarely(fake, sink):
    fake.largest = 3_000_000
    sink.write(as_rows(document(number, b'{"m":"%s"}' % (b"x" * 100_000)) for number in range(2_000)))
    tried = [request for request in fake.requests if request == "POST /_bulk"]
    assert len(fake.documents) == 2_000
    # Of some 80 that are taken. Each time that the size grew, two are refused, for one is prepared ahead.
    assert len(tried) - len(fake.bulks) <= 12


def test_a_document_that_is_too_large_by_itself_is_rejected_alone(fake, sink):
    fake.largest = 50_000
    large = document(2, b'{"m":"%s"}' % (b"x" * 60_000))
    written = sink.write(as_rows([document(1), large, document(3)]))
    assert written.created == {LOGS: 2}
    [rejection] = written.rejected
    assert (rejection.document, rejection.status) == (large, 413)
    assert "too large for one request" in rejection.reason


def test_a_document_refused_for_good_is_handed_back_with_the_servers_words(fake, sink):
    fake.answer_with(refusing(lambda sent: sent[1] == "id-1", 400, "document_parsing_exception"))
    written = sink.write(as_rows(map(document, range(3))))
    assert written.created == {LOGS: 2}
    assert [tuple(each) for each in written.rejected] == [(document(1), 400, "document_parsing_exception: no")]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, "cluster_block_exception"), (403, "security_exception"), (400, "invalid_alias_name_exception")],
)
def test_an_index_that_takes_no_documents_makes_no_dead_letters(fake, sink, status, kind):
    fake.answer_with(refusing(lambda _: True, status, kind))
    with pytest.raises(PermanentError, match=f"cannot write to ml-api-logs \\({kind}"):
        sink.write(as_rows([document(1)]))


def test_a_request_refused_for_good_is_not_sent_again(fake, sink):
    fake.always_answer_with(failing(400, {"error": {"type": "parse_exception", "reason": "bad"}, "status": 400}))
    with pytest.raises(PermanentError, match="400, parse_exception: bad"):
        sink.write(as_rows([document(1)]))
    assert len(fake.bulks) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"<html>Sign in</html>",
        b"[]",
        b'{"items":[]}',
        b'{"items":null}',
        b'{"items":[1]}',
        b'{"items":[{}]}',
        b'{"items":[{"index":{}}]}',
        b'{"items":[{"index":{"_id":["id-1"],"status":201}}]}',
        b'{"items":[{"index":{"status":"400"}}]}',
        b'{"items":[{"index":{"status":400}}]}',
        b'{"items":[{"index":{"status":429,"error":null}}]}',
        b'{"items":[{"index":{"status":400,"error":{"type":"t","caused_by":"c"}}}]}',
        b'{"error":{"caused_by":"c"}}',
    ],
)
def test_an_answer_that_does_not_come_from_elasticsearch_is_asked_for_again(fake, sink, content):
    fake.answer_with(failing(200, content), failing(200, content))
    assert sink.write(as_rows([document(1)])).created == {LOGS: 1}
    assert fake.bulks == [1, 1, 1]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<!DOCTYPE html><html><head>\n<title lang=en>\nBad\n gateway</title></head></html>", 'a page, "Bad gateway"'),
        (b'{"items":[{"index":{"sta', '{"items":[{"index":{"sta'),
        (b'{"items":[]}', "0 results for 1 documents"),
        (b'{"items":[{"index":{"status":201}},{"index":{"status":201}}]}', "2 results for 1 documents"),
        (b'{"items":[{"index":{"_id":"x","status":201}}]}', "a result for 'x' in place of 'id-1'"),
        (b"", "no reason given"),
    ],
)
def test_what_goes_on_answering_for_elasticsearch_is_named(fake, sink, content, told):
    fake.always_answer_with(failing(200, content))
    with pytest.raises(TransientError, match=re.escape(f"does not come from Elasticsearch ({told}). Run again later")):
        sink.write(as_rows([document(1)]))


@pytest.mark.parametrize("order", [reversed, lambda items: [*items[5:], *items[:5]]])
def test_results_in_another_order_are_told_apart_by_index_and_id(fake, sink, order):
    documents = [document(number, kind=kind) for number in range(5) for kind in (LOGS, "message")]
    refused = ("ml-api-logs", "id-3")
    fake.answer_with(refusing(lambda sent: sent[:2] == refused, 400, "document_parsing_exception", order))
    written = sink.write(as_rows(documents))
    assert [(each.document.kind, each.document.id) for each in written.rejected] == [(LOGS, "id-3")]
    assert written.created == {LOGS: 4, "message": 5}


@pytest.mark.parametrize("change", [lambda items: [items[0], *items], lambda items: items[1:], lambda _: []])
def test_an_answer_with_too_many_or_too_few_results_is_asked_for_again(fake, sink, change):
    documents = [document(number) for number in range(3)]
    fake.answer_with(refusing(lambda sent: sent[1] == "id-2", 429, "es_rejected_execution_exception", change))
    written = sink.write(as_rows(documents))
    assert (written.created, written.duplicates, written.rejected) == ({LOGS: 1}, {LOGS: 2}, [])
    assert len(fake.documents) == 3


def test_results_under_the_name_of_an_aliass_index_are_taken_in_their_order(fake, sink):
    def behind(items):
        return [{"index": each["index"] | {"_index": "ml-api-logs-000001"}} for each in items]

    fake.answer_with(refusing(lambda sent: sent[1] == "id-1", 400, "document_parsing_exception", behind))
    written = sink.write(as_rows([document(number) for number in range(3)]))
    assert [each.document.id for each in written.rejected] == ["id-1"]


@pytest.mark.parametrize("name", [[], {}])
def test_a_server_whose_templates_have_odd_names_is_no_elasticsearch(fake, sink, name):
    fake.templates = [name]
    with pytest.raises(TransientError, match="does not come from Elasticsearch"):
        sink.write(as_rows([document(1)]))


@pytest.mark.parametrize("error", [{"caused_by": "c"}, {"root_cause": 1}, ["e"]])
def test_an_odd_reason_for_refusing_a_request_is_told_as_it_is(fake, sink, error):
    fake.answer_with(failing(400, {"error": error}))
    with pytest.raises(PermanentError, match="refuses the request"):
        sink.write(as_rows([document(1)]))


def test_work_that_is_left_when_the_sink_is_closed_ends_at_once(fake):
    with ElasticsearchSink(ElasticsearchOptions(url=fake.url), IndexNames(), SOON) as sink:
        sink.write(as_rows([document(1)]))
    with pytest.raises(PermanentError, match="has been closed"):
        sink.write(as_rows([document(2)]))


def open_with(fake, **credentials):
    return ElasticsearchSink(ElasticsearchOptions(**{"url": fake.url, **credentials}), IndexNames(), SOON)


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        ({"api_key": "ZW5jb2RlZA=="}, "ApiKey ZW5jb2RlZA=="),
        ({"api_key": "id:key"}, "ApiKey aWQ6a2V5"),
        ({"user": "elastic", "password": "pässword"}, "Basic ZWxhc3RpYzpww6Rzc3dvcmQ="),
        ({"api_key": "ZW5jb2RlZA==", "user": "elastic", "password": "p"}, "ApiKey ZW5jb2RlZA=="),
    ],
)
def test_the_configured_credentials_are_sent(fake, credentials, header):
    fake.authorization = header
    with open_with(fake, **credentials) as sink:
        assert sink.write(as_rows([document(1)])).created == {LOGS: 1}


def test_credentials_in_the_address_are_sent_but_not_shown(fake):
    fake.authorization = "Basic ZWxhc3RpYzpwL3c="
    options = ElasticsearchOptions(url=fake.url.replace("://", "://elastic:p%2Fw@"))
    with ElasticsearchSink(options, IndexNames(), SOON) as sink:
        assert sink.write(as_rows([document(1)])).created == {LOGS: 1}
    assert options.address == fake.url
    assert "p%2Fw" not in repr(options)


@pytest.mark.parametrize("credentials", [{"api_key": SECRET}, {"user": "elastic", "password": SECRET}])
def test_wrong_credentials_are_named_but_not_shown(fake, credentials):
    fake.authorization = "ApiKey other"
    with open_with(fake, **credentials) as sink, pytest.raises(PermanentError) as caught:
        sink.write(as_rows([document(1)]))
    assert "ELASTICSEARCH_API_KEY" in str(caught.value)
    assert SECRET not in f"{caught.value!r} {sink._options!r}"  # noqa: SLF001 (what a debugger or a log would show)
    assert len(fake.requests) == 1


def test_wrong_credentials_are_named_by_check_too(fake):
    fake.authorization = "ApiKey other"
    with pytest.raises(PermanentError, match="refuses the credentials"):
        ElasticsearchIndexes(ElasticsearchOptions(url=fake.url), IndexNames()).check()


def test_a_server_that_is_too_old_is_named(fake):
    fake.version = "8.17.4"
    with pytest.raises(PermanentError, match=r"is 8\.17\.4, which is too old. Use 8\.19 or newer"):
        ElasticsearchIndexes(ElasticsearchOptions(url=fake.url), IndexNames()).check()


def test_no_request_names_the_clients_major_version_which_an_older_server_would_refuse(fake, sink):
    fake.templates.clear()
    sink.write(as_rows([document(1)]))
    assert fake.accepted == {"application/json"}


def test_a_server_without_tls_is_permanently_unfit_for_https(fake):
    options = ElasticsearchOptions(url=fake.url.replace("http:", "https:"))
    with ElasticsearchSink(options, IndexNames(), SOON) as sink, pytest.raises(PermanentError, match="use http://"):
        sink.write(as_rows([document(1)]))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with a key for 127.0.0.1 and the certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Elasticsearch of the tests")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(private + signed.public_bytes(pem))
    return path


@pytest.fixture
def secure_fake(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with fake_elasticsearch(context) as running:
        yield running


def test_a_server_is_trusted_by_the_configured_authority(secure_fake, certificate):
    options = ElasticsearchOptions(url=secure_fake.url, ca_cert=certificate)
    with ElasticsearchSink(options, IndexNames(), SOON) as sink:
        assert sink.write(as_rows([document(1)])).created == {LOGS: 1}
    assert ElasticsearchIndexes(options, IndexNames()).check() == f"Elasticsearch 9.2.0 at {secure_fake.url}"


def test_a_server_of_an_unknown_authority_is_refused_at_once(secure_fake):
    options = ElasticsearchOptions(url=secure_fake.url)
    with ElasticsearchSink(options, IndexNames()) as sink, pytest.raises(PermanentError) as caught:
        sink.write(as_rows([document(1)]))
    assert "self-signed certificate" in str(caught.value)
    assert "Set ELASTICSEARCH_CA_CERT" in str(caught.value)
    assert secure_fake.requests == []


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, None),
        ({"ELASTICSEARCH_HOST": "es"}, "http://es:9200"),
        ({"ELASTICSEARCH_HOST": "es", "ELASTICSEARCH_PORT": "9201"}, "http://es:9201"),
        ({"ELASTICSEARCH_HOST": "es:9202", "ELASTICSEARCH_PORT": "9201"}, "http://es:9202"),
        ({"ELASTICSEARCH_HOST": "https://es/", "ELASTICSEARCH_PORT": "9201"}, "https://es:9201"),
        ({"ELASTICSEARCH_HOST": "[::1]"}, "http://[::1]:9200"),
        (
            {"ELASTICSEARCH_HOST": "es", "ELASTICSEARCH_URL": "https://u:p@cloud.example/es/"},
            "https://cloud.example/es",
        ),
    ],
)
def test_the_address_is_made_of_url_or_host_and_port(environment, address):
    [options] = load(environment, ElasticsearchOptions)
    assert options.address == address


@pytest.mark.parametrize(
    "variable", ["ELASTICSEARCH_HOST", "ELASTICSEARCH_URL", "ELASTICSEARCH_API_KEY", "ELASTICSEARCH_CA_CERT"]
)
@pytest.mark.parametrize("value", [f"http://u:{SECRET} @host", f"http://u:{SECRET}@host:port /"])
def test_a_bad_value_is_refused_at_once(variable, value):
    with pytest.raises(ConfigError, match=variable) as caught:
        load({variable: value}, ElasticsearchOptions)
    assert SECRET not in str(caught.value) or variable == "ELASTICSEARCH_CA_CERT"  # a path is no secret


def test_a_sink_without_an_address_is_a_configuration_error():
    with pytest.raises(ConfigError, match="Set ELASTICSEARCH_HOST or ELASTICSEARCH_URL"):
        ElasticsearchSink(ElasticsearchOptions(), IndexNames())


def test_a_cold_start_loads_neither_the_client_nor_ssl():
    program = (
        "import sys, functions.pipeline.sinks.elasticsearch.sink\n"
        "print([name for name in ('ssl', 'elasticsearch', 'http.client', 'urllib3', 'isal') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"


def test_a_large_document_that_the_server_never_has_room_for_is_given_up(fake, sink):
    fake.always_answer_with(refusing(lambda sent: sent[1] == "id-2", 429, "es_rejected_execution_exception"))
    written = sink.write(as_rows([document(1), document(2, b'{"m":"%s"}' % (b"x" * 6_000_000))]))
    assert written.created == {LOGS: 1}
    [rejection] = written.rejected
    assert (rejection.document.id, rejection.status) == ("id-2", 429)
    assert re.match(r"refused \d+ times, at last alone, while others were taken: es_rejected", rejection.reason)


def answering_with(status, kind, number):
    return refusing(lambda sent: sent[1] == f"id-{number}", status, kind)


@pytest.mark.parametrize(("status", "kind"), [(429, "circuit_breaking_exception"), (500, "null_pointer_exception")])
def test_of_a_few_documents_one_that_the_server_fails_at_is_given_up_and_the_others_are_written(
    fake, sink, status, kind
):
    fake.always_answer_with(answering_with(status, kind, 2))
    written = sink.write(as_rows(map(document, range(5))))
    assert written.created == {LOGS: 4}
    [rejection] = written.rejected
    assert (rejection.document.id, rejection.status) == ("id-2", status)
    assert f"{kind}: no" in rejection.reason


def test_of_many_documents_one_that_is_always_refused_as_by_a_busy_server_is_given_up(fake, sink):
    fake.always_answer_with(answering_with(429, "es_rejected_execution_exception", 200))
    written = sink.write(as_rows(map(document, range(300))))
    assert written.created == {LOGS: 299}
    assert [each.document.id for each in written.rejected] == ["id-200"]


def test_documents_of_an_index_that_is_away_are_handed_back_however_few_they_are(fake, sink):
    fake.always_answer_with(refusing(lambda sent: sent[0] == "ml-api-perfs", 503, "unavailable_shards_exception"))
    with pytest.raises(TransientError, match="refuses 1 of the documents for now"):
        sink.write(as_rows([*map(document, range(300)), document(7, kind="perfs")]))


def poisoned(*numbers, status=500):
    """Fail each request as a whole that has one of these documents in it."""

    def answer(request, sent):
        bad = {f"id-{number}" for number in numbers} & {identity for _, identity, _ in sent}
        (failing(status, {"error": {"type": "broken", "reason": "no"}}) if bad else stored)(request, sent)

    return answer


@pytest.mark.parametrize("numbers", [(0,), (299,), (3, 4), (0, 20, 70)])
def test_what_makes_whole_requests_fail_is_found_and_given_up(fake, sink, numbers):
    fake.always_answer_with(poisoned(*numbers))
    written = sink.write(as_rows(map(document, range(300))))
    assert written.created == {LOGS: 300 - len(numbers)}
    assert sorted(int(each.document.id[3:]) for each in written.rejected) == [*numbers]
    assert {each.status for each in written.rejected} == {500}


def test_a_large_document_without_an_answer_is_given_up_when_others_are_taken(fake):
    def answer(request, sent):
        (slow(1) if any(len(body) > 6_000_000 for _, _, body in sent) else stored)(request, sent)

    fake.always_answer_with(answer)
    large = document(2, b'{"m":"%s"}' % (b"x" * 6_000_001))
    with ElasticsearchSink(ElasticsearchOptions(url=fake.url), IndexNames(), SOON, 0.3) as sink:
        written = sink.write(as_rows([document(1), large, document(3)]))
    assert written.created == {LOGS: 2}
    [rejection] = written.rejected
    assert (rejection.document.id, rejection.status) == ("id-2", 0)
    assert "no answer in time" in rejection.reason


def test_a_server_that_fails_at_everything_is_left_after_few_requests(fake, sink):
    fake.always_answer_with(poisoned(*range(300), status=503))
    with pytest.raises(TransientError, match="503"):
        sink.write(as_rows(map(document, range(300))))
    assert len(fake.bulks) < 40
