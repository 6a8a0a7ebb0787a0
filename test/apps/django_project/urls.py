"""The notebook's paths and the tests' own."""
import os

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.urls import include, path

from notebook.models import Note


def raising(request):
    raise ValueError("raised in Django on purpose")


def missing(request):
    raise Http404("not here on purpose")


def worker(request):
    """Which process answers, and how often this session has asked."""
    request.session["asked"] = request.session.get("asked", 0) + 1
    return HttpResponse(f"{request.session['asked']} {os.getpid()}")


def write(request):
    """Writes a note and reads it back."""
    note = Note.objects.create(text=request.GET["text"])
    return HttpResponse(Note.objects.get(pk=note.pk).text)


def stream(request):
    return StreamingHttpResponse((f"{n}\n" for n in range(1000)),
                                 content_type="text/plain")


urlpatterns = [
    path("raise/", raising),
    path("missing/", missing),
    path("worker/", worker),
    path("write/", write),
    path("stream/", stream),
    path("", include("notebook.urls")),
]
