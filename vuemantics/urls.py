from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from vuemantics.accounts.first_password import FirstPassword
from vuemantics.accounts.languages import javascript_catalog, set_language
from vuemantics.accounts.views import AdminPasswordChange, PasswordChange, PasswordChanged, SignIn, sign_out
from vuemantics.server.error_pages import bad_request

handler400 = bad_request
urlpatterns = [
    # Browsers request this URL for pages that do not specify an icon, such as the admin.
    path("favicon.ico", login_not_required(RedirectView.as_view(url=static("favicon.svg"))), name="favicon"),
    # The admin's own form does not limit the number of guesses at the current password.
    path("admin/password_change/", admin.site.admin_view(AdminPasswordChange.as_view())),
    path("admin/", admin.site.urls),
    path("sign-in/", SignIn.as_view(), name="login"),
    path("first-password/<uidb64>/<token>/", FirstPassword.as_view(), name="first-password"),
    path("sign-out/", sign_out, name="logout"),
    path("password/", PasswordChange.as_view(), name="password-change"),
    path("password/changed/", PasswordChanged.as_view(), name="password-changed"),
    path("language/", set_language, name="language"),
    path("words.js", javascript_catalog, name="javascript-catalog"),
    path("", include("uploads.urls")),
    path("", include("batches.urls")),
]
