@echo off
rem Rushes on Windows: find a Python 3.11 or newer and give launch.py to it.
rem Double-click this file, or call it with the options of launch.py.
setlocal EnableExtensions DisableDelayedExpansion
chcp 65001 >nul
rem The Python install manager must not install anything that nobody was asked about.
set "PYTHON_MANAGER_AUTOMATIC_INSTALL=false"
set "FOUND="
set "ASKED="

:find
call :try py -3.12
call :try py -3.13
call :try py -3.11
call :try py -3.14
call :try py -3
call :try python
call :try "%LocalAppData%\Programs\Python\Python312\python.exe"
call :try "%ProgramFiles%\Python312\python.exe"
if defined FOUND goto start
if defined ASKED goto failed

echo Rushes needs Python 3.11 or newer (64-bit), and there is none on this PC.
echo.
echo It can be installed now with Windows' own winget: Python 3.12 from python.org, about 30 MB.
echo This command would run:
echo     winget install --exact --id Python.Python.3.12 --source winget
echo.
where winget >nul 2>nul
if errorlevel 1 goto failed
set "ASKED=n"
set /p "ASKED=Install it? [y/n] "
if /i not "%ASKED%"=="y" goto failed
winget install --exact --id Python.Python.3.12 --source winget
goto find

:start
rem "call" here too. It reads its line a second time, so what may hold a percent sign or a caret is
rem put in only then, by name.
set "LAUNCH=%~dp0launch.py"
set GIVEN=%*
call %FOUND% "%%LAUNCH%%" %%GIVEN%%
set "RESULT=%ERRORLEVEL%"
rem A window that was opened by a double-click (no options) would close over its last words.
if not "%RESULT%"=="0" if "%~1"=="" pause
exit /b %RESULT%

:failed
echo.
echo Install Python 3.12 from https://www.python.org/downloads/windows/ and start this file again.
if "%~1"=="" pause
exit /b 1

:try
rem Keeps the first that runs and is new enough. The Store's placeholder for python.exe fails here.
rem "call", because pyenv's python is a batch file, and would not come back without it.
if defined FOUND exit /b 0
call %* -c "import sys; sys.exit(sys.version_info < (3, 11) or sys.maxsize < 2**32)" >nul 2>nul
if "%ERRORLEVEL%"=="0" set FOUND=%*
exit /b 0
