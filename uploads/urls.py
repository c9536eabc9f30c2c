from django.urls import path

from uploads.views import albums, files, library, saved_searches, search, shared, similar, zip_download

urlpatterns = [
    path("library/", library.upload_list, name="upload-list"),
    path("library/<int:upload_id>/similar/", similar.similar_page, name="upload-similar"),
    path("library/download/", zip_download.download_selection, name="upload-download"),
    path("library/duplicates/", similar.near_duplicates, name="near-duplicates"),
    path("library/duplicates/keep/", similar.keep_near_duplicates, name="near-duplicates-keep"),
    path("albums/", albums.album_list, name="albums"),
    path("albums/add/", albums.add_to_album, name="album-add"),
    path("albums/<int:album_id>/", albums.album_detail, name="album"),
    path("albums/<int:album_id>/change/", albums.change_album, name="album-change"),
    path("albums/<int:album_id>/delete/", albums.delete_album, name="album-delete"),
    path("albums/<int:album_id>/download/", albums.download_album, name="album-download"),
    path("albums/<int:album_id>/share/", albums.share_album, name="album-share"),
    path("albums/<int:album_id>/links/<int:link_id>/revoke/", albums.revoke_share, name="album-revoke"),
    path("s/<slug:token>/", shared.shared_album, name="shared-album"),
    path("s/<slug:token>/unlock/", shared.unlock_shared, name="shared-unlock"),
    path("s/<slug:token>/download/", shared.download_shared, name="shared-download"),
    path("s/<slug:token>/<int:upload_id>/", shared.shared_picture, name="shared-picture"),
    path("s/<slug:token>/<int:upload_id>/<int:side>.jpg", shared.shared_preview, name="shared-preview"),
    path("s/<slug:token>/<int:upload_id>/original", shared.shared_original, name="shared-original"),
    path("search/", search.search_page, name="search"),
    path("search/suggestions/", search.search_suggestions, name="search-suggestions"),
    path("search/saved/", saved_searches.change_saved_search, name="search-saved"),
    path("media/<int:upload_id>/<int:side>.jpg", files.preview, name="upload-preview"),
    path("media/<int:upload_id>/original", files.original, name="upload-original"),
    path("media/<int:upload_id>/animation", files.animation, name="upload-animation"),
    path("media/<int:upload_id>/motion", files.motion, name="upload-motion"),
]
