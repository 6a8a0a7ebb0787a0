# Chooses the Python that is embedded, and says why not an earlier one.

# WM_PYTHON: the user's PYTHON=, or the first candidate that is 3.9 or newer,
# can be embedded (a program linked with its libpython runs) and has greenlet
# with its header. Sets PYTHON, PYTHON_ARCHIVE, PYTHON_CPPFLAGS,
# PYTHON_LDFLAGS, PYTHON_LIBS, PYTHON_TEST_LIBS, WM_PYTHON_VERSION,
# WM_PYTHON_KIND and WM_GREENLET_FOUND.
AC_DEFUN([WM_PYTHON], [
AC_ARG_VAR([PYTHON], [the Python to embed (3.9 or newer, with greenlet)])
AC_ARG_WITH([static-libpython], [AS_HELP_STRING([--with-static-libpython],
	[link with the static libpython, which is faster (default: when it is
	there and works)])], [], [with_static_libpython=auto])
WM_GREENLET_FOUND=no
wm_python_chosen=
wm_python_known=:
wm_python_best=
AS_IF([test -n "$PYTHON"], [
	WM_PYTHON_TRY([$PYTHON])
	AS_IF([test -z "$wm_python_chosen"], [wm_missing="$wm_missing
	PYTHON=$PYTHON cannot be used: it $wm_py_why"])
], [
	for wm_candidate in python3 /usr/bin/python3 \
	    python3.13 python3.12 python3.11 python3.10 python3.9 \
	    /usr/bin/python3.13 /usr/bin/python3.12 /usr/bin/python3.11 \
	    /usr/bin/python3.10 /usr/bin/python3.9
	do
		WM_PYTHON_TRY([$wm_candidate])
		test -z "$wm_python_chosen" || break
	done
	AS_IF([test -z "$wm_python_chosen"], [WM_PYTHON_NONE])
])
PYTHON="$wm_python_chosen"
AC_SUBST([PYTHON])
AC_SUBST([PYTHON_CPPFLAGS])
AC_SUBST([PYTHON_ARCHIVE])
AC_SUBST([PYTHON_LDFLAGS])
AC_SUBST([PYTHON_LIBS])
AC_SUBST([PYTHON_TEST_LIBS])
AC_SUBST([WM_PYTHON_KIND])
AC_SUBST([WM_PYTHON_VERSION])
AC_DEFINE_UNQUOTED([WM_PYTHON_KIND], ["$WM_PYTHON_KIND"],
	[How libpython is linked: static or shared.])
AC_DEFINE_UNQUOTED([WM_PYTHON_EXECUTABLE], ["$PYTHON"],
	[The interpreter whose prefix and packages the embedded Python uses.])
AC_DEFINE_UNQUOTED([WM_PYTHON_VERSION], ["$WM_PYTHON_VERSION"],
	[The version of Python that wsgimaster was built with.])
])

# WM_PYTHON_TRY(CANDIDATE): sets wm_python_chosen, or wm_py_why.
AC_DEFUN([WM_PYTHON_TRY], [
wm_py_path=`command -v $1 2>/dev/null`
wm_py_why=
AS_IF([test -z "$wm_py_path"], [wm_py_why="is not there"], [
	AC_MSG_CHECKING([whether $1 ($wm_py_path) can be used])
	WM_PYTHON_ASK
	AS_CASE(["$wm_python_known"], [*:"$wm_py_executable":*],
		[AC_MSG_RESULT([seen already])
		wm_py_why="was seen already"], [
		wm_python_known="$wm_python_known$wm_py_executable:"
		AS_IF([test -z "$wm_py_why"], [WM_PYTHON_LINK])
		AS_IF([test -z "$wm_py_why" &&
		    test "x$with_greenlet" != xno],
			[wm_py_why="$wm_py_greenlet_why"])
		AS_IF([test -z "$wm_py_why"], [WM_PYTHON_TAKE],
			[AC_MSG_RESULT([no: $wm_py_version $wm_py_why])])
	])
])
])

# WM_PYTHON_ASK: asks wm_py_path about itself, into wm_py_*.
AC_DEFUN([WM_PYTHON_ASK], [
wm_py_version= wm_py_executable="$wm_py_path" wm_py_include= wm_py_library=
wm_py_libdir= wm_py_greenlet_why= wm_py_greenlet_include=
wm_py_greenlet_version= wm_py_shared= wm_py_archive= wm_py_syslibs=
wm_py_facts=`"$wm_py_path" "$srcdir/scripts/python-facts" 2>conftest.err`
AS_IF([test $? -eq 0 && test -n "$wm_py_facts"], [eval "$wm_py_facts"],
	[wm_py_why="does not run (`head -n 1 conftest.err`)"])
rm -f conftest.err
])

# WM_PYTHON_LINK: sets wm_py_kind (static or shared), wm_py_libs for a program
# that runs Python, wm_py_test_libs for one that only links with what does,
# and wm_py_ldflags; or wm_py_why.
AC_DEFUN([WM_PYTHON_LINK], [
wm_save_CPPFLAGS="$CPPFLAGS"
wm_save_LDFLAGS="$LDFLAGS"
wm_save_LIBS="$LIBS"
CPPFLAGS="$CPPFLAGS -isystem $wm_py_include"
wm_py_kind= wm_py_ldflags=
wm_py_why="cannot be linked with (lib$wm_py_library in $wm_py_libdir)"
AS_IF([test "x$with_static_libpython" != xno && test -n "$wm_py_archive"],
	[WM_PYTHON_LINK_STATIC])
AS_IF([test -z "$wm_py_kind"], [
	AS_IF([test "x$with_static_libpython" = xyes],
		[wm_py_why="has no static libpython that works"],
		[test "x$wm_py_shared" = xyes], [WM_PYTHON_LINK_SHARED])
])
AS_IF([test -n "$wm_py_kind"], [wm_py_why=])
CPPFLAGS="$wm_save_CPPFLAGS"
LDFLAGS="$wm_save_LDFLAGS"
LIBS="$wm_save_LIBS"
])

# WM_PYTHON_LINK_STATIC: libpython in the program, all of it, with its symbols
# for extension modules. An archive that was not compiled for a program at any
# address (Debian's, which is the faster for it) makes it one at a fixed
# address, unless LDFLAGS has -pie. What the program could not run with is not
# taken: see scripts/python-embedded.
AC_DEFUN([WM_PYTHON_LINK_STATIC], [
for wm_py_pie in "" "-no-pie"; do
	wm_py_libs="-Wl,--whole-archive $wm_py_archive"
	wm_py_libs="$wm_py_libs -Wl,--no-whole-archive $wm_py_syslibs"
	LDFLAGS="$wm_py_pie -rdynamic $wm_save_LDFLAGS"
	LIBS="$wm_py_libs $wm_save_LIBS"
	AC_RUN_IFELSE([AC_LANG_PROGRAM([[
#include <Python.h>
#include <string.h>
]], [[
	char	*argv[] = { "$wm_py_executable",
	    "$srcdir/scripts/python-embedded", NULL };

	if (strncmp(Py_GetVersion(), PY_VERSION " ",
	    sizeof(PY_VERSION)) != 0)
		return 2;
	return Py_BytesMain(2, argv);
]])], [wm_py_kind=static], [], [:])
	test -z "$wm_py_kind" || break
done
AS_IF([test -n "$wm_py_kind"], [
	wm_py_ldflags="$wm_py_pie -rdynamic"
	wm_py_test_libs="$wm_py_archive $wm_py_syslibs"
])
])

# WM_PYTHON_LINK_SHARED: the directory of libpython goes into the program only
# when the system would not find the same one.
AC_DEFUN([WM_PYTHON_LINK_SHARED], [
LDFLAGS="$wm_save_LDFLAGS"
for wm_py_rpath in "" " -Wl,-rpath,$wm_py_libdir"; do
	wm_py_libs="-L$wm_py_libdir -l$wm_py_library$wm_py_rpath"
	LIBS="$wm_py_libs $wm_save_LIBS"
	AC_RUN_IFELSE([AC_LANG_PROGRAM([[
#include <Python.h>
#include <string.h>
]], [[
	Py_SetProgramName(L"python3");
	return strncmp(Py_GetVersion(), PY_VERSION " ",
	    sizeof(PY_VERSION)) != 0;
]])], [wm_py_kind=shared], [], [:])
	test -z "$wm_py_kind" || break
done
wm_py_test_libs="$wm_py_libs"
])

# WM_PYTHON_TAKE: this one it is.
AC_DEFUN([WM_PYTHON_TAKE], [
AC_MSG_RESULT([yes: $wm_py_version, $wm_py_kind library])
wm_python_chosen="$wm_py_executable"
WM_PYTHON_VERSION="$wm_py_version"
WM_PYTHON_KIND="$wm_py_kind"
PYTHON_CPPFLAGS="-isystem $wm_py_include"
PYTHON_ARCHIVE=
AS_IF([test $wm_py_kind = static], [PYTHON_ARCHIVE="$wm_py_archive"])
PYTHON_LDFLAGS="$wm_py_ldflags"
PYTHON_LIBS="$wm_py_libs"
PYTHON_TEST_LIBS="$wm_py_test_libs"
AS_IF([test "x$with_greenlet" != xno], [
	WM_GREENLET_FOUND="$wm_py_greenlet_version"
	PYTHON_CPPFLAGS="$PYTHON_CPPFLAGS -isystem $wm_py_greenlet_include"
])
])

# WM_PYTHON_NONE: notes what to install.
AC_DEFUN([WM_PYTHON_NONE], [
WM_MISSING([a Python of 3.9 or newer that can be embedded (see above)],
	[python3-dev])
AS_IF([test "x$with_greenlet" != xno],
	[WM_MISSING([greenlet and greenlet.h for that Python],
		[python3-greenlet])])
])
