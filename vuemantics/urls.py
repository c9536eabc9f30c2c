"""Which app answers which address."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from vuemantics.sign_out import sign_out

urlpatterns = [
    # Browsers ask for it by themselves where a page names no icon, as those of the admin.
    path("favicon.ico", login_not_required(RedirectView.as_view(url=static("favicon.svg"))), name="favicon"),
    path("admin/", admin.site.urls),
    path("sign-in/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("sign-out/", sign_out, name="logout"),
    path("", include("uploads.urls")),
    path("", include("batches.urls")),
]
