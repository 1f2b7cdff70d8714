"""infra/elasticsearch/server/elasticsearch.sh: what it builds is kept for the next clone."""

from pathlib import Path

import pytest

from tests.scripts import install

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "infra" / "elasticsearch" / "server" / "elasticsearch.sh"


@pytest.mark.elasticsearch
@pytest.mark.usefixtures("elasticsearch_url")
def test_what_is_built_for_one_folder_serves_another(tmp_path: Path):
    built = (ROOT / ".tools" / "elasticsearch" / "server").resolve()
    install(SCRIPT, tmp_path)
    assert (tmp_path / "server").resolve() == built
    assert (built / "stamp").exists()
    assert built.parent != ROOT / ".tools" / "elasticsearch"
