"""A Django project in one file."""

import sys

from django.conf import settings
from django.http import JsonResponse
from django.urls import path

settings.configure(DEBUG=True, SECRET_KEY="for a sample", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], USE_TZ=True)  # noqa: S106


def health(request):
    return JsonResponse({"status": "ok"})


def fail(request):
    raise RuntimeError("model not loaded")


urlpatterns = [path("health", health), path("fail", fail)]

if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
