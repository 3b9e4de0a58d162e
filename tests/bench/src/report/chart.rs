//! A line chart of values over time.

use anyhow::Result;
use plotters::coord::Shift;
use plotters::prelude::{BLUE, ChartBuilder, DrawingArea, IntoFont as _, PathElement, SVGBackend};

use super::plot::failed;

/// One value per second.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    what: String,
    values: Vec<f64>,
}

impl Chart {
    pub(crate) fn new(what: String, values: &[f64]) -> Self {
        let values = values.to_vec();
        Self { what, values }
    }

    /// Draws from zero, so that flat values look flat.
    pub(super) fn draw(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<()> {
        let most = self.values.iter().copied().fold(0.0, f64::max).max(0.001);
        let mut chart = ChartBuilder::on(area)
            .caption(&self.what, ("sans-serif", 20).into_font())
            .margin(12)
            .x_label_area_size(28)
            .y_label_area_size(52)
            .build_cartesian_2d(0..self.values.len(), 0.0..most * 1.1)
            .map_err(failed)?;
        chart.configure_mesh().draw().map_err(failed)?;
        let points: Vec<_> = self.values.iter().copied().enumerate().collect();
        chart
            .draw_series([PathElement::new(points, BLUE)])
            .map_err(failed)?;
        Ok(())
    }
}
