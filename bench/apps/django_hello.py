"""Hello from Django, in one file.

A project with models imports its database's backend when it is loaded; this
one, which has none, would do it at the first request, in each worker.
"""
from django.conf import settings

settings.configure(DEBUG=False, SECRET_KEY="bench", ROOT_URLCONF=__name__,
                   ALLOWED_HOSTS=["*"], MIDDLEWARE=[], LOGGING_CONFIG=None)

from django.core.wsgi import get_wsgi_application   # noqa: E402
from django.http import HttpResponse                # noqa: E402
from django.urls import path                        # noqa: E402
import django.db.backends.dummy.base                # noqa: E402, F401


def index(request):
    return HttpResponse("Hello World", content_type="text/plain")


urlpatterns = [path("", index)]
django = get_wsgi_application()
