"""What data scientists serve and schedule models with."""

from __future__ import annotations

from tests.programs.corpus import Sample, access, at, stamp, timed
from tests.programs.install import pip

_RAISED = ["Traceback (most recent call last):", "RuntimeError: model not loaded"]
_SCORE = "11111111-1111-1111-1111-111111111111"
_LOAD = "22222222-2222-2222-2222-222222222222"
_CELERY = timed(
    stamp(),
    {"level": "INFO", "message": "Connected to memory://{}"},
    {"level": "WARNING", "message": "No hostname was supplied. Reverting to default 'localhost'"},
    {"level": "INFO", "message": "worker@api-1 ready."},
    {"level": "INFO", "message": f"Task celery_app.load[{_LOAD}] received"},
    {
        "level": "ERROR",
        "message_begins": f"Task celery_app.load[{_LOAD}] raised unexpected: RuntimeError('model not loaded')",
        "message_has": _RAISED,
    },
    {"level": "INFO", "message": f"Task celery_app.score[{_SCORE}] received"},
    {"level": "WARNING", "message": f"celery_app.score[{_SCORE}]: feature AGE is missing in 2 rows"},
    {"level": "INFO", "message": f"Task celery_app.score[{_SCORE}] succeeded in {{}}s: None"},
)
_STREAMLIT = timed(stamp(), {"message": "Uvicorn server started on 127.0.0.1:{}"})
_SESSION = "Thread 'MainThread': missing ScriptRunContext! This warning can be ignored when running in bare mode."
_BARE = {"@timestamp": stamp(), "message": _SESSION}
_STREAMLIT_BARE = (
    _BARE | {"level": "WARNING", "logger": "streamlit.runtime.scriptrunner_utils.script_run_context"},
    {
        "@timestamp": stamp(),
        "raw_begins": "20{}",
        "message_has": [
            "Warning: to view this Streamlit app on a browser",
            "streamlit run streamlit_app.py [ARGUMENTS]",
        ],
    },
    _BARE,
    _BARE,
)
_GRADIO = (
    {"message": "* Running on local URL:  http://127.0.0.1:{}"},
    {"message": "* To create a public link, set `share=True` in `launch()`."},
    {"message_begins": "Traceback (most recent call last):", "message_has": ["ValueError: AGE is negative"]},
)
_RAY = (
    {"@timestamp": stamp(), "level": "INFO", "message": "Started a local Ray instance."},
    {
        "@timestamp": stamp(),
        "level": "ERROR",
        "message_begins": "a task failed",
        "message_has": [
            "Traceback (most recent call last):",
            "ray.exceptions.RayTaskError(RuntimeError):",
            "RuntimeError: model not loaded",
        ],
    },
    {"message_has": ["feature AGE is missing in 2 rows"]},
)
_GCS = timed(
    stamp(),
    {"level": "INFO", "message": "Ray cluster metadata ray_version=2.60.0 ray_commit={}"},
    {"level": "INFO", "message": "Ray Event initialized for GCS"},
    {"level": "INFO", "message": "Ray Event initialized for EXPORT_NODE"},
    {"level": "INFO", "message": "Ray Event initialized for EXPORT_ACTOR"},
    {"level": "INFO", "message": "Ray Event initialized for EXPORT_DRIVER_JOB"},
    {"level": "INFO", "message": "Set ray event level to warning"},
    {"level": "INFO", "message": "GCS storage type is StorageType::IN_MEMORY"},
)
_MLFLOW_TIME = at(r"^([\d/]+ [\d:]+)", "%Y/%m/%d %H:%M:%S")
_TABLES = (
    {"level": "INFO", "logger": "mlflow.store.db.utils", "message": "Creating initial MLflow database tables..."},
    {"level": "INFO", "logger": "mlflow.store.db.utils", "message": "Updating database tables"},
)
_MLFLOW_CLIENT = timed(
    _MLFLOW_TIME,
    *_TABLES,
    {
        "level": "INFO",
        "logger": "mlflow.tracking.fluent",
        "message": "Experiment with name 'scoring' does not exist. Creating a new experiment.",
    },
    {
        "level": "ERROR",
        "logger": "mlflow",
        "message_begins": "model not loaded",
        "message_has": [
            "Traceback (most recent call last):",
            "mlflow.exceptions.MlflowException: Registered Model with name=scoring not found",
        ],
    },
)
_MLFLOW_SERVER = timed(
    _MLFLOW_TIME,
    {"level": "INFO", "message": "Started server process [{}]"},
    {"level": "INFO", "message": "Waiting for application startup."},
    {"level": "INFO", "message": "Application startup complete."},
    {"level": "INFO", "message": "Uvicorn running on http://127.0.0.1:{} (Press CTRL+C to quit)"},
    access("GET", "/health", 200, level="INFO"),
    access("GET", "/api/2.0/mlflow/experiments/get", 404, level="INFO"),
    {"level": "INFO", "message": "Shutting down"},
)
_VLLM = timed(
    at(r"(\d\d-\d\d [\d:]+) \[", "%m-%d %H:%M:%S"),
    {"level": "INFO", "message": "Starting vLLM API server on http://127.0.0.1:8000"},
    {"level": "WARNING", "message": "Casting torch.bfloat16 to torch.float16."},
    {"level": "ERROR", "message": "EngineCore failed to start."},
    # Its formatter gives each line of a traceback the head of the first.
    {"level": "ERROR", "message": "Traceback (most recent call last):"},
    {"level": "ERROR", "message_has": ['File "{}/log_vllm.py", line {}, in <module>']},
    {"level": "ERROR", "message_has": ['int("n/a")']},
    {"level": "ERROR", "message": "ValueError: invalid literal for int() with base 10: 'n/a'"},
)

WRITTEN = (
    Sample(
        "celery",
        "Celery",
        pip("celery==5.7.0"),
        ("celery", "-A", "celery_app", "worker", "-P", "solo", "-n", "worker@api-1", "-l", "INFO"),
        _CELERY,
        ready="succeeded in",
        banner=True,
        trailer="\nworker: Hitting Ctrl+C",
    ),
    Sample(
        "streamlit",
        "Streamlit",
        pip("streamlit==1.67.0"),
        (
            "streamlit",
            "run",
            "streamlit_app.py",
            "--server.port",
            "{port}",
            "--server.address",
            "127.0.0.1",
            "--server.headless",
            "true",
            "--logger.level",
            "info",
        ),
        _STREAMLIT,
        ("GET /_stcore/health",),
        banner=True,
        trailer="\n  You can now view",
    ),
    Sample(
        "streamlit-bare",
        "Streamlit",
        pip("streamlit==1.67.0"),
        ("python", "streamlit_app.py"),
        _STREAMLIT_BARE,
        banner=True,
        trailer="Traceback (most",
    ),
    Sample(
        "gradio",
        "Gradio",
        pip("gradio==6.31.0"),
        ("python", "gradio_app.py"),
        _GRADIO,
        ('POST /gradio_api/call/predict\nContent-Type: application/json\n\n{"data": [-1]}',),
        trailer="Keyboard interruption",
    ),
    Sample("ray", "Ray", pip("ray==2.60.0"), ("python", "ray_driver.py"), _RAY, env=(("RAY_AUTH_MODE", "disabled"),)),
    Sample(
        "ray-gcs",
        "Ray",
        pip("ray==2.60.0"),
        ("python", "ray_driver.py"),
        _GCS,
        file="ray/session_latest/logs/gcs_server.out",
        env=(("RAY_AUTH_MODE", "disabled"),),
        lines=len(_GCS),
    ),
    Sample("mlflow-client", "MLflow", pip("mlflow==3.17.2"), ("python", "mlflow_client.py"), _MLFLOW_CLIENT),
    Sample(
        "mlflow-server",
        "MLflow",
        pip("mlflow==3.17.2"),
        ("mlflow", "server", "--port", "{port}", "--workers", "1"),
        _MLFLOW_SERVER,
        ("GET /health", "GET /api/2.0/mlflow/experiments/get?experiment_id=7"),
        env=(("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false"),),
        banner=True,
        trailer="INFO:     Finished server process",
    ),
    Sample("vllm", "vLLM", pip("vllm==0.11.0", "--no-deps"), ("python", "log_vllm.py"), _VLLM),
)
