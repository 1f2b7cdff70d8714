"""Routes: what of a path is kept, and that nobody can make many of them, or long ones."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.pipeline.routes import OTHER, route_of


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/predict", "/predict"),
        ("/", "/"),
        ("/v1/models/iris/predict", "/v1/models/iris/predict"),
        ("/users/42", "/users/{id}"),
        ("/users/-4.5/orders/2025-01-20", "/users/{id}/orders/{id}"),
        ("/orders/INV-20250042", "/orders/{id}"),
        ("/runs/9d1c5a30-8f0e-4a57-9b8c-6d2f0f6f7c11/log", "/runs/{id}/log"),
        ("/RUNS/9D1C5A30-8F0E-4A57-9B8C-6D2F0F6F7C11", "/RUNS/{id}"),
        ("/objects/507f1f77bcf86cd799439011", "/objects/{id}"),
        ("/commits/deadbeefdeadbeef", "/commits/{id}"),
        ("/items/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/items/{id}"),
        ("/users/ann@example.com", "/users/{id}"),
        ("/items/{item_id}", "/items/{id}"),
        ("/items/<int:item>", "/items/{id}"),
        ("/items/:item", "/items/{id}"),
        ("/facade/decade/oauth2/base64/s3", "/facade/decade/oauth2/base64/s3"),
        ("/predict?v=2", "/predict"),
        ("/predict#top", "/predict"),
        ("http://api.example/predict/7?x=1", "/predict/{id}"),
        ("http://api.example", "/"),
        ("/pr%C3%A9dire", "/prédire"),
        ("/prédire", "/prédire"),
        ("*", OTHER),
        ("", OTHER),
        ("api.example:443", OTHER),
        ("/a\nb", OTHER),
        ("/a%0Ab", OTHER),
        ("/a\x00", OTHER),
        ("/\u202egnp.exe", OTHER),
        ("/" + "z" * 250, OTHER),
        ("/" + "a/" * 1_000_000, OTHER),
    ],
)
def test_a_route_is_what_stays_the_same(path: str, route: str):
    assert route_of(path) == route


@given(st.text())
def test_any_text_has_a_route_that_is_its_own_route(path: str):
    route = route_of("/" + path)
    assert len(route) <= 200
    assert route.isprintable()
    assert route == OTHER or route.startswith("/")


@pytest.mark.parametrize("part", ["a", "1", "a1", "-", "@", "{", "a@", "0x", "%41", "/"])
def test_a_hostile_path_takes_no_time(part: str):
    begun = time.process_time()
    route_of("/" + part * (1999 // len(part)))
    assert time.process_time() - begun < 0.1
