"""Lambda functions as processes: LocalStack without Docker.

`plugins`, `executor` and `server` plug into LocalStack; `environment`, `runtime_api`, `report` and `child` run a
function, and know nothing of LocalStack.
"""
