"""Logs with vLLM's own formatter; its package's __init__, which wants a GPU's libraries, is left out."""

import sys
import types
from importlib.metadata import distribution

package = types.ModuleType("vllm")
package.__path__ = [str(distribution("vllm").locate_file("vllm"))]
sys.modules["vllm"] = package

from vllm.logger import init_logger  # noqa: E402

log = init_logger("vllm.entrypoints.openai.api_server")
log.info("Starting vLLM API server on http://127.0.0.1:%d", 8000)
log.warning("Casting torch.bfloat16 to torch.float16.")
try:
    int("n/a")
except ValueError:
    log.exception("EngineCore failed to start.")
