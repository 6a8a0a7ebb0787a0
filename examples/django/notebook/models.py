"""What the notebook keeps."""
from django.db import models


class Note(models.Model):
    text = models.CharField(max_length=500)
    written = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return self.text[:60]


class Attachment(models.Model):
    file = models.FileField(upload_to="")
    sha256 = models.CharField(max_length=64)

    def __str__(self):
        return self.file.name
