<?php
header("X-Method: " . $_SERVER["REQUEST_METHOD"]);
echo "php:", $_SERVER["PATH_INFO"] ?? "", ":", $_GET["q"] ?? "", ":",
    file_get_contents("php://input");
