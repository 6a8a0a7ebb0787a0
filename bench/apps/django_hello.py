"""Hello from Django, in one file."""
from django.conf import settings

settings.configure(DEBUG=False, SECRET_KEY="bench", ROOT_URLCONF=__name__,
                   ALLOWED_HOSTS=["*"], MIDDLEWARE=[], LOGGING_CONFIG=None)

from django.core.wsgi import get_wsgi_application   # noqa: E402
from django.http import HttpResponse                # noqa: E402
from django.urls import path                        # noqa: E402


def index(request):
    return HttpResponse("Hello World", content_type="text/plain")


urlpatterns = [path("", index)]
django = get_wsgi_application()
