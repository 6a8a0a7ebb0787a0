"""Which view answers which path."""
from django.contrib import admin
from django.urls import path

from notebook import views

urlpatterns = [
    path("", views.index, name="index"),
    path("notes/", views.note_list, name="notes"),
    path("notes/add/", views.add_note, name="add-note"),
    path("upload/", views.upload, name="upload"),
    path("files/<int:pk>/", views.download, name="download"),
    path("admin/", admin.site.urls),
]
