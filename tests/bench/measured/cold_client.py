"""The official client until it could be used: C. Runs beside a folder with the client and what it needs."""

from elasticsearch import Elasticsearch

Elasticsearch("http://127.0.0.1:9200")
