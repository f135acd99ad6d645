# SPDX-License-Identifier: Apache-2.0
# One plot of a report. Before this text come: log_x, log_y (0 or 1), x_label, y_label, y_format ("" = as gnuplot
# likes), lines, points, bounds (how many of each), line_styles, point_styles, bound_styles (a number for each, from 1),
# set xrange, yrange and xtics, and the data: $lines, $points and $bounds with x, y, low, high, one index for each.
# Nothing in here is text from a record: names stand in the page, beside the drawing.
# Colours are marks that the page gives a colour to: rgb(1,0,N) for style N, rgb(2,0,N) for bound N, rgb(3,0,0) for the
# grid.
set terminal svg size 440,290 dynamic font ",13" rounded
set encoding utf8
set border 3 lc rgb "black" lw 0.8
set tics nomirror scale 0.5
set grid xtics ytics lt 1 lw 0.5 lc rgb 196608
set errorbars small
set key off
set tmargin 1
set rmargin 3
set xlabel x_label
set ylabel y_label
if (log_x) set logscale x
if (log_y) set logscale y
if (strlen(y_format) > 0) set format y y_format

# Six colours with a shape each; the next six have the same colours with other shapes, and so on. Bounds are dashed.
shapes = "7 5 9 13 11 15"
do for [i = 1:36] {
	shape = int(word(shapes, (i - 1 + (i - 1) / 6) % 6 + 1))
	set style line i lw 1.6 ps 0.55 pt shape lc rgb 65536 + (i - 1) % 6 + 1
	set style line 100 + i lw 1.2 lc rgb 131072 + i
	eval sprintf("set style line %d dt %d", 100 + i, 2 + (i - 1) % 4)
}

# gnuplot looks at what a loop without a turn would do: style(..) has a word for it.
style(words, i) = int(word(words." 1", i))
plot for [i = 1:bounds] $bounds index i - 1 using 1:2 with lines ls 100 + style(bound_styles, i), \
     for [i = 1:lines] $lines index i - 1 using 1:2:3:4 with yerrorlines ls style(line_styles, i), \
     for [i = 1:points] $points index i - 1 using 1:2 with points ls style(point_styles, i)
