//! The plot: tables as bars, values over time as lines.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::{
    ChartBuilder, Color as _, IntoDrawingArea as _, IntoFont as _, Palette as _, Palette99,
    Rectangle, SVGBackend, Text, WHITE,
};

use super::{Chart, Table};

const SIZE: (u32, u32) = (1000, 380);

/// Draws all charts, one below another.
pub(super) fn draw(file: &Path, tables: &[Table], charts: &[Chart]) -> Result<()> {
    let many = (tables.len() + charts.len()).max(1);
    let height = SIZE.1 * u32::try_from(many)?;
    let area = SVGBackend::new(file, (SIZE.0, height)).into_drawing_area();
    area.fill(&WHITE).map_err(failed)?;
    let mut areas = area.split_evenly((many, 1)).into_iter();
    for (table, area) in tables.iter().zip(areas.by_ref()) {
        let most = table
            .rows
            .iter()
            .map(super::Series::median)
            .fold(1.0, f64::max);
        #[expect(clippy::cast_precision_loss, reason = "there are a dozen")]
        let rows = table.rows.len() as f64;
        let mut chart = ChartBuilder::on(&area)
            .caption(&table.what, ("sans-serif", 20).into_font())
            .margin(12)
            .build_cartesian_2d(0.0..most * 1.6, 0.0..rows)
            .map_err(failed)?;
        let mut top = rows;
        for (number, row) in table.rows.iter().enumerate() {
            top -= 1.0;
            let rate = row.median();
            let bar = [(0.0, top + 0.15), (rate, top + 0.85)];
            let color = Palette99::pick(number).filled();
            chart
                .draw_series([Rectangle::new(bar, color)])
                .map_err(failed)?;
            let label = format!("{}: {rate:.0}/s", row.name);
            let place = (rate + most * 0.01, top + 0.7);
            let text = Text::new(label, place, ("sans-serif", 14).into_font());
            chart.draw_series([text]).map_err(failed)?;
        }
    }
    for (chart, area) in charts.iter().zip(areas) {
        chart.draw(&area)?;
    }
    area.present().map_err(failed)
}

pub(super) fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("cannot draw the plot: {error}")
}
