"""The notebook's settings, with the tests' views."""
from notebook.settings import *     # noqa: F401,F403

ROOT_URLCONF = "django_project.urls"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
