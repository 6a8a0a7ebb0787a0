# What configure misses is collected and told in one message at its end.

# WM_MISSING(WHAT, DEBIAN-PACKAGE): notes one thing.
AC_DEFUN([WM_MISSING], [
wm_missing="$wm_missing
	$1: Debian's package $2"
wm_missing_packages="$wm_missing_packages $2"
])

# WM_MISSING_END: ends configure when something was noted.
AC_DEFUN([WM_MISSING_END], [
AS_IF([test -n "$wm_missing_packages"], [wm_missing="$wm_missing

On Debian and Ubuntu: apt-get install$wm_missing_packages"])
AS_IF([test -n "$wm_missing"], [AC_MSG_ERROR([missing:$wm_missing])])
])

# WM_CHECK_MODULE(PREFIX, PKG-CONFIG-SPEC, WHAT, DEBIAN-PACKAGE)
AC_DEFUN([WM_CHECK_MODULE], [
AS_IF([test -z "$PKG_CONFIG" && test -z "$$1_LIBS"], [
	AS_IF([test -z "$wm_no_pkg_config"], [
		wm_no_pkg_config=yes
		WM_MISSING([pkg-config], [pkg-config])])
])
PKG_CHECK_MODULES([$1], [$2], [], [WM_MISSING([$3], [$4])])
])

# WM_CHECK_LIBRARY(PREFIX, HEADER, LIBRARY, FUNCTION, WHAT, DEBIAN-PACKAGE): one
# that pkg-config does not know.
AC_DEFUN([WM_CHECK_LIBRARY], [
AC_ARG_VAR([$1_CFLAGS], [C compiler flags for $5])
AC_ARG_VAR([$1_LIBS], [linker flags for $5])
AS_IF([test -z "$$1_LIBS"], [$1_LIBS=-l$3])
wm_save_CPPFLAGS="$CPPFLAGS"
wm_save_LIBS="$LIBS"
CPPFLAGS="$CPPFLAGS $$1_CFLAGS"
LIBS="$$1_LIBS $LIBS"
AC_MSG_CHECKING([for $5])
AC_LINK_IFELSE([AC_LANG_PROGRAM([
#include <$2>
], [return (int)(long)&$4;])], [wm_found=yes], [wm_found=no])
AC_MSG_RESULT([$wm_found])
CPPFLAGS="$wm_save_CPPFLAGS"
LIBS="$wm_save_LIBS"
AS_IF([test $wm_found = no], [WM_MISSING([$5], [$6])])
])
