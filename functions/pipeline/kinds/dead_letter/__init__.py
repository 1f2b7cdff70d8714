"""What could not be indexed, with the reason; made by `functions.indexer.dead_letters`, not recognised in records."""

from functions.pipeline.documents import DEAD_LETTERS
from functions.pipeline.kinds import Kind

KIND = Kind(name=DEAD_LETTERS, shown=("class", "target", "reason", "hint"))
