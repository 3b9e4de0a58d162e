//! Runs schedules that share the gateways concurrently.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::faults::schedules::audit::Events;
use crate::faults::schedules::emails;
use crate::faults::schedules::faults::strike;
use crate::faults::schedules::job::Job;
use crate::faults::schedules::judge::Answered;
use crate::faults::schedules::model::{Attempt, Model};
use crate::faults::schedules::plan::{Act, Phase, phases, random};
use crate::faults::schedules::requests::Outcome;
use crate::faults::schedules::site::Site;
use crate::faults::schedules::verify::verify_all;

pub(crate) struct Batch<'a> {
    site: &'a Site,
    models: Vec<Model>,
    /// Entry in the directory file of the user that imports change, by seed.
    imported: Mutex<BTreeMap<u64, String>>,
    /// Serialises reloads, so that each line in the log belongs to one of them. True after a reload that did not
    /// end: then there are no more.
    reloads: Mutex<bool>,
}

pub(crate) struct Ended {
    pub(crate) models: Vec<Model>,
    /// Time after the last fault until every gateway had recovered.
    pub(crate) recovery: Duration,
    /// Connections that were silent in the end.
    pub(crate) silent: Vec<String>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(site: &'a Site, seeds: &[u64]) -> Self {
        let models: Vec<_> = seeds.iter().map(|seed| Model::new(*seed)).collect();
        let all: String = models.iter().map(|model| model.directory(true)).collect();
        assert_eq!(
            site.reload(0, Some(&all)),
            Some(true),
            "users are not imported"
        );
        let imported = models
            .iter()
            .map(|model| (model.seed, model.directory(false)));
        let imported = Mutex::new(imported.collect());
        Self {
            site,
            models,
            imported,
            reloads: Mutex::default(),
        }
    }

    pub(crate) fn run(mut self) -> Ended {
        let mut events = Events::default();
        events.read(self.site);
        let before = events.imports;
        let models = std::mem::take(&mut self.models);
        let batch = &self;
        let mut models: Vec<_> = thread::scope(|scope| {
            let running: Vec<_> = models
                .into_iter()
                .map(|model| scope.spawn(|| batch.schedule(model)))
                .collect();
            running.into_iter().map(|one| one.join().unwrap()).collect()
        });
        // No later step ends these silences.
        let silent = self.site.silence_one_of_each(&mut random(models[0].seed));
        let ended = Instant::now();
        let recovery = self.site.recovers();
        // For up to a second, another gateway may accept a token that was ended.
        thread::sleep(Duration::from_secs(1).saturating_sub(ended.elapsed()));
        events.read(self.site);
        verify_all(self.site, &mut models, &events);
        let imports: usize = models.iter().map(|model| model.imports).sum();
        if imports > events.imports - before
            && let Some(model) = models.first_mut()
        {
            let recorded = events.imports - before;
            let wrong = format!("{imports} imports were made, and {recorded} recorded");
            model.wrong.push(wrong);
        }
        self.site.cut_all();
        Ended {
            models,
            recovery,
            silent,
        }
    }

    fn schedule(&self, mut model: Model) -> Model {
        let struck = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for (index, phase) in phases(model.seed).into_iter().enumerate() {
                model.trace.push(format!("phase {index}"));
                for fault in &phase.faults {
                    let (struck, site) = (&struck, self.site);
                    let fault = *fault;
                    scope.spawn(move || {
                        if let Some(relay) = site.relay(&fault) {
                            let text =
                                format!("  from phase {index} on, {}", strike(&fault, relay));
                            struck.lock().unwrap().push(text);
                        }
                    });
                }
                self.phase(&mut model, &phase);
            }
        });
        model.trace.extend(struck.into_inner().unwrap());
        model
    }

    fn phase(&self, model: &mut Model, phase: &Phase) {
        let found = emails::tokens(self.site, model);
        model.take_in_emails(found);
        let mut jobs: Vec<Job> = Vec::new();
        for step in &phase.steps {
            let mut step = *step;
            step.gateway %= self.site.nodes.len();
            let job = Job::new(step, model, &jobs);
            jobs.push(job);
        }
        let seed = model.seed;
        let done: Vec<_> = thread::scope(|scope| {
            let running: Vec<_> = jobs
                .into_iter()
                .map(|job| scope.spawn(move || self.perform(seed, job)))
                .collect();
            running.into_iter().map(|one| one.join().unwrap()).collect()
        });
        model.judge(&done);
    }

    fn perform(&self, seed: u64, job: Job) -> (Job, Answered) {
        let mut sent = Instant::now();
        let (outcome, request_id) = match &job.call {
            None => {
                let outcome;
                (sent, outcome) = self.reload(seed, &job);
                (outcome, None)
            }
            Some(call) => self.site.send(job.gateway, call, job.manner),
        };
        let at = Instant::now();
        let answered = Answered {
            outcome,
            request_id,
            sent,
            at,
        };
        (job, answered)
    }

    /// Reloads, once earlier reloads have ended. Returns when it began, and the outcome.
    fn reload(&self, seed: u64, job: &Job) -> (Instant, Outcome) {
        let mut is_stuck = self.reloads.lock().unwrap();
        let sent = Instant::now();
        if *is_stuck {
            return (sent, Outcome::Unavailable);
        }
        let directory = match (&job.act, &job.attempt) {
            (Act::Import, Some(Attempt::Import { entry, .. })) => {
                let mut imported = self.imported.lock().unwrap();
                imported.insert(seed, entry.clone());
                let all: String = imported.values().map(String::as_str).collect();
                Some(all)
            }
            _ => None,
        };
        let outcome = match self.site.reload(job.gateway, directory.as_deref()) {
            Some(true) => Outcome::Done(serde_json::Value::Null),
            Some(false) => Outcome::Unavailable,
            None => {
                *is_stuck = true;
                Outcome::Wrong("no reload within 30 s".to_owned())
            }
        };
        (sent, outcome)
    }
}
