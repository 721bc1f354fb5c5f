# For tools/prepare_data.py: what to make of each kind of file.
_base_ = 'trimodal::_base_/preprocessing/default.py'
custom_imports = dict(imports=['my_project'], allow_failed_imports=False)

modalities = dict(
    speech=dict(target_sample_rate=8000),
    image=dict(target_size=(32, 32)),
    imu=dict(type='ImuPreparer', sample_rate=50),
)
