"""Addresses of the library."""

from django.urls import path

from uploads import delete_views, media_views, views

urlpatterns = [
    path("library/", views.upload_list, name="upload-list"),
    path("library/delete/", delete_views.delete, name="upload-delete"),
    path("library/<int:upload_id>/", views.upload_detail, name="upload-detail"),
    path("media/<int:upload_id>/<int:side>.jpg", media_views.preview, name="upload-preview"),
    path("media/<int:upload_id>/original", media_views.original, name="upload-original"),
]
