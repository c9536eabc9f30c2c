"""Which app answers which address."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from vuemantics.accounts.languages import choose_language, script_words
from vuemantics.accounts.views import PasswordDone, PasswordPage, sign_out
from vuemantics.server.error_pages import bad_request

handler400 = bad_request
urlpatterns = [
    # Browsers ask for it by themselves where a page names no icon, as those of the admin.
    path("favicon.ico", login_not_required(RedirectView.as_view(url=static("favicon.svg"))), name="favicon"),
    path("admin/", admin.site.urls),
    path("sign-in/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("sign-out/", sign_out, name="logout"),
    path("password/", PasswordPage.as_view(), name="password-change"),
    path("password/changed/", PasswordDone.as_view(), name="password-changed"),
    path("language/", choose_language, name="language"),
    path("words.js", script_words, name="script-words"),
    path("", include("uploads.urls")),
    path("", include("batches.urls")),
]
