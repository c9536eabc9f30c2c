"""URLs of the library."""

from django.urls import path

from uploads.views import files, library, search

urlpatterns = [
    path("library/", library.upload_list, name="upload-list"),
    path("library/<int:upload_id>/", library.upload_detail, name="upload-detail"),
    path("search/", search.search_page, name="search"),
    path("media/<int:upload_id>/<int:side>.jpg", files.preview, name="upload-preview"),
    path("media/<int:upload_id>/original", files.original, name="upload-original"),
    path("media/<int:upload_id>/animation", files.animation, name="upload-animation"),
    path("media/<int:upload_id>/motion", files.motion, name="upload-motion"),
]
