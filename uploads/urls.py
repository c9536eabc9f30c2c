"""URLs of the library."""

from django.urls import path

from uploads.views import files, library, search, similar, zip_download

urlpatterns = [
    path("library/", library.upload_list, name="upload-list"),
    path("library/<int:upload_id>/similar/", similar.similar_page, name="upload-similar"),
    path("library/download/", zip_download.download_selection, name="upload-download"),
    path("library/duplicates/", similar.near_duplicates, name="near-duplicates"),
    path("library/duplicates/keep/", similar.keep_near_duplicates, name="near-duplicates-keep"),
    path("search/", search.search_page, name="search"),
    path("search/suggestions/", search.search_suggestions, name="search-suggestions"),
    path("search/saved/", search.change_saved_search, name="search-saved"),
    path("media/<int:upload_id>/<int:side>.jpg", files.preview, name="upload-preview"),
    path("media/<int:upload_id>/original", files.original, name="upload-original"),
    path("media/<int:upload_id>/animation", files.animation, name="upload-animation"),
    path("media/<int:upload_id>/motion", files.motion, name="upload-motion"),
]
