# Control charts as the R package NHSRplotthedots (MIT) draws them, version 0.2.2, for tests/transform/test_control_charts.py:
#     Rscript tests/oracle/plotthedots.R [series.csv] > tests/oracle/plotthedots.csv
# Without a file: the series of the package's own tests (rnorm(20) of seed 123, the same with an outlier, and the two points near
# opposite limits), and random ones. A file has the columns series, month, value and rebase (1 where a new base begins).
suppressMessages(library(NHSRplotthedots))

charted <- function(name, y, rebase = integer(0)) {
  months <- seq(as.Date("2020-01-01"), by = "month", length.out = length(y))
  d <- data.frame(month = months, value = y)
  dates <- if (length(rebase)) ptd_rebase(months[rebase]) else ptd_rebase()
  r <- as.data.frame(suppressWarnings(
    ptd_spc(d, value, month, rebase = dates, improvement_direction = "neutral")
  ))
  r$run <- r$trend <- r$two <- 0
  own <- asNamespace("NHSRplotthedots")
  for (g in unique(r$rebase_group)) {
    i <- r$rebase_group == g
    r$run[i] <- own$ptd_part_of_seven_trend(own$ptd_seven_point_one_side_mean(r$relative_to_mean[i]))
    r$trend[i] <- own$ptd_part_of_seven_trend(own$ptd_seven_point_trend(r$y[i]))
    near <- r$close_to_limits[i]
    r$two[i] <- own$ptd_part_of_two_in_three(own$ptd_two_in_three(near, r$relative_to_mean[i]), near)
  }
  number <- function(x) ifelse(is.finite(x), sprintf("%.12f", x), "")
  flag <- function(x) as.integer(!is.na(x) & x != 0)
  data.frame(
    series = name, month = format(months), value = sprintf("%.10f", y), rebase = as.integer(seq_along(y) %in% rebase),
    mean = number(r$mean_col), lower = number(r$lpl), upper = number(r$upl), outside = flag(r$outside_limits),
    run = flag(r$run), trend = flag(r$trend), two = flag(r$two),
    variation = sub("common_cause", "common cause", sub("special_cause_neutral_", "", r$point_type))
  )
}

own_series <- function() {
  set.seed(123)
  y <- round(rnorm(20), 10)
  outlier <- replace(y, 15, 10)
  near <- c(rep(c(1, -1), times = 7), 5.5, -5.5)
  out <- list(charted("package: rnorm", y), charted("package: outlier", outlier), charted("package: opposite", near),
              charted("package: rebase", y, 11), charted("no movement", rep(7, 14)),
              charted("one month after a rebase", c(y, 3), 21))
  set.seed(20261126)
  for (i in 1:36) {
    n <- sample(12:40, 1)
    y <- switch(i %% 6 + 1,
      rpois(n, 3), rpois(n, 40), round(rnorm(n, 50, 8), 2), cumsum(rpois(n, 2)) + rpois(n, 3),
      rpois(n, 20) + ifelse(seq_len(n) > n %/% 2, 12, 0), round(100 * rbinom(n, 30, .4) / 30, 10)
    )
    rebase <- if (i %% 3 == 0) sort(sample(2:n, sample(1:2, 1))) else integer(0)
    out[[length(out) + 1]] <- charted(sprintf("random %02d", i), y, rebase)
  }
  out
}

of_file <- function(path) {
  d <- read.csv(path, na.strings = character())
  lapply(split(d, factor(d$series, unique(d$series))), function(s) charted(s$series[1], s$value, which(s$rebase == 1)))
}

path <- commandArgs(TRUE)
found <- do.call(rbind, if (length(path)) of_file(path[1]) else own_series())
write.csv(found, stdout(), row.names = FALSE, quote = 1)
