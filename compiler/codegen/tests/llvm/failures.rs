//! Traps: a kernel that fails says where.

use super::build::*;
use numbra_codegen::llvm::Status;
use numbra_front::ir::*;
use numbra_front::source::Span;
use numbra_front::types::{Constant, ScalarType};

/// Copies its input, and fails where an element is below zero, with the element as payload.
fn refuse_negative(form: Form) -> Module {
    let setup = |function: &mut Function| {
        let message = "negative: {}".to_owned();
        for fault in [Fault::ZeroDivision, Fault::Raised] {
            function.site(Site { fault, message: message.clone(), told: Vec::new(), span: Span::NONE, source: None });
        }
        let input = buffer("in", ScalarType::F32, Access::Read);
        let output = buffer("out", ScalarType::F32, Access::Write);
        [input, output].map(|array| function.array_parameter(array)).to_vec()
    };
    over_range(form, setup, |function, region, arrays, index| {
        let input = Expression::Load { array: arrays[0], indices: vec![index] };
        let element = function.define(region, ScalarType::F32, Span::NONE, input);
        let zero = function.constant(region, Constant::zero(ScalarType::F32));
        let condition = function.apply(region, Op::Lt, &[element, zero]);
        region.push(Statement::Trap { condition, site: SiteId(1), payloads: vec![element], position: Some(index) });
        region.push(Statement::Store { array: arrays[1], indices: vec![index], value: element });
    })
}

fn floats(values: &[f32]) -> Column {
    (ScalarType::F32, values.iter().map(|value| value.to_bits() as u64).collect())
}

#[test]
fn the_first_failure_is_reported() {
    let values: Vec<f32> =
        (0..100).map(|index| if index >= 40 && index % 10 == 3 { -0.5 - index as f32 } else { 2.0 }).collect();
    for form in [Form::Range, GRID] {
        let columns = [floats(&values), floats(&[0.0; 100])];
        let (results, status) = run(&refuse_negative(form), &columns, &[0, 100], 4);
        let payload = (-43.5f32).to_bits() as u64;
        assert_eq!(status, Status { flag: 1, site: 1, position: 43, payload });
        assert!(results[1][..43].iter().all(|&bits| bits == 2.0f32.to_bits() as u64));
        assert_eq!(results[1][43], 0, "the point that fails stores nothing");
    }
    // On a GPU the threads run at the same time: one of those that fail may write.
    let ptx = assemble_everywhere(&refuse_negative(GRID));
    assert_eq!(ptx.matches("atom.").count(), 1, "{ptx}");
    assert!(ptx.contains(".cas."), "{ptx}");
}

#[test]
fn success_leaves_the_status_alone() {
    for form in [Form::Range, GRID] {
        let columns = [floats(&[1.0; 50]), floats(&[0.0; 50])];
        let (results, status) = run(&refuse_negative(form), &columns, &[10, 50], 2);
        assert_eq!(status, Status::default());
        assert_eq!(results[1].iter().filter(|&&bits| bits != 0).count(), 40);
    }
}
