"""The notebook's pages."""
import hashlib

from django.http import FileResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from notebook.models import Attachment, Note


def index(request):
    """The last notes and files, and the forms for new ones."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    return render(request, "notebook/index.html", {
        "notes": Note.objects.all()[:20],
        "attachments": Attachment.objects.all(),
        "visits": request.session["visits"],
    })


@require_POST
def add_note(request):
    Note.objects.create(text=request.POST["text"])
    return redirect("index")


@require_POST
def upload(request):
    """Keeps a file; its SHA-256 comes back as JSON."""
    sent = request.FILES["file"]
    state = hashlib.sha256()
    for piece in sent.chunks():
        state.update(piece)
    kept = Attachment.objects.create(file=sent, sha256=state.hexdigest())
    return JsonResponse({"id": kept.pk, "size": sent.size,
                         "sha256": kept.sha256}, status=201)


def download(request, pk):
    """Django hands the open file to wsgi.file_wrapper."""
    kept = get_object_or_404(Attachment, pk=pk)
    return FileResponse(open(kept.file.path, "rb"), as_attachment=True,
                        filename=kept.file.name)


def note_list(request):
    """All notes as JSON."""
    return JsonResponse({"notes": list(Note.objects.values("id", "text"))})
