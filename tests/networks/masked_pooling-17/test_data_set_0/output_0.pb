BscoreJภเรผÛ
>ฺ	g>