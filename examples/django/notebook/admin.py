"""What the admin shows."""
from django.contrib import admin

from notebook.models import Attachment, Note


@admin.register(Note)
class NoteAdmin(admin.ModelAdmin):
    list_display = ["text", "written"]
    search_fields = ["text"]


admin.site.register(Attachment)
